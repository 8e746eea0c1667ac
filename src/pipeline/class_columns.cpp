// SPDX-License-Identifier: Apache-2.0
#include "class_columns.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/data/unicode.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr const char* kWayOut = "name the classes there as --data does)";

std::string labels_in(const Session& session, const fs::path& folder, std::size_t count) {
  return model::config_file(folder, session.options().base).string() + ": \"id2label\": the model's " +
         std::to_string(count) + " classes ";
}

fs::path folder_of(const Session& session, const CheckpointSource& source) {
  return session.run().checkpoint(source.identity.step);
}

// A name's letters may be written in two Unicode forms, which look the same.
std::optional<analysis::ClassMatch> match(const std::vector<std::string>& of_model,
                                          const std::vector<std::string>& of_data) {
  auto found = analysis::match_classes(of_model, of_data);
  if (found && found->by_name) return found;
  std::vector<std::string> models, datas;
  std::ranges::transform(of_model, std::back_inserter(models), data::composed);
  std::ranges::transform(of_data, std::back_inserter(datas), data::composed);
  auto composed = analysis::match_classes(models, datas);
  return composed && composed->by_name ? composed : found;
}

void warn_of_other_classes(const Session& session, const CheckpointSource& source,
                           const std::vector<std::string>& of_data) {
  const auto missing = std::ranges::find_if(
      of_data, [&](const std::string& name) { return !match(source.class_names, {name}); });
  support::log_warning(labels_in(session, folder_of(session, source), source.class_names.size()) +
                       "do not hold the " + std::to_string(of_data.size()) + " of --data by name" +
                       (missing == of_data.end() ? "" : ", \"" + *missing + "\" for one") +
                       "; predictions, confidences and accuracy are left out (to get them, " + kWayOut);
}

void warn_of_places(const Session& session, const CheckpointSource& source,
                    const std::vector<std::string>& of_data, const std::vector<std::int64_t>& columns) {
  support::log_warning(labels_in(session, folder_of(session, source), source.class_names.size()) +
                       "have other names than those of --data, which are matched with them in order: " +
                       analysis::describe_pairs(source.class_names, of_data, columns) +
                       " (where that is wrong, so is the accuracy: " + kWayOut);
}

}  // namespace

std::vector<std::vector<std::int64_t>> class_columns(Session& session,
                                                     const std::vector<CheckpointSource>& sources) {
  const auto& of_data = session.test().class_names();
  std::vector<std::vector<std::int64_t>> columns;
  bool has_warned = !session.is_root();
  for (const CheckpointSource& source : sources) {
    const auto found = match(source.class_names, of_data);
    if (!found) {
      if (session.is_root() && !source.class_names.empty()) warn_of_other_classes(session, source, of_data);
      return std::vector<std::vector<std::int64_t>>(sources.size());
    }
    columns.push_back(found->columns);
    if (!found->by_name && !std::exchange(has_warned, true))
      warn_of_places(session, source, of_data, found->columns);
  }
  return columns;
}

void order_classifier(const Session& session, const std::vector<std::string>& of_data, model::Vit& model) {
  const fs::path folder = session.options().model;
  const fs::path base = session.options().base;
  if (!support::is_directory(folder) || !model::check_weights(folder, base).has_classifier) return;
  const auto of_model = model::read_config(folder, base).id2label;
  if (of_model.size() != of_data.size()) return;  // it is a new classifier
  std::vector<std::int64_t> in_order(of_data.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  const auto found = match(of_model, of_data);
  const auto& rows = found ? found->columns : in_order;
  if ((!found || !found->by_name) && session.is_root())
    support::log_warning(
        labels_in(session, folder, of_model.size()) +
        "have other names than those of --data, which go on with their classifier in order: " +
        analysis::describe_pairs(of_model, of_data, rows) + " (where that is wrong, " + kWayOut);
  if (rows == in_order) return;
  const c10::NoGradGuard no_grad;
  for (auto& [name, view] : model::named_views(model.parameters(), model.flat()))
    if (name.starts_with("classifier.")) view.copy_(view.index_select(0, at::tensor(rows, at::kLong)));
}

}  // namespace zoetrope::pipeline
