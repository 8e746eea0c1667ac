// SPDX-License-Identifier: Apache-2.0
#include "class_columns.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

#include "analysis_of_run.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;

namespace {

constexpr const char* kWayOut = "name the classes there as --data does)";

std::vector<std::string> classes_at(const store::RunDirectory& run, std::int64_t step) {
  return classes_of_checkpoint(run, step, store::read_identity(run.checkpoint(step)).num_classes);
}

std::string labels_in(const fs::path& folder, std::size_t count) {
  return (folder / "config.json").string() + ": \"id2label\": the model's " + std::to_string(count) +
         " classes ";
}

void warn_of_other_classes(const store::RunDirectory& run, std::int64_t step,
                           const std::vector<std::string>& of_data) {
  support::log_warning(
      labels_in(run.checkpoint(step), classes_at(run, step).size()) + "do not hold the " +
      std::to_string(of_data.size()) +
      " of --data by name; predictions, confidences and accuracy are left out (to get them, " + kWayOut);
}

void warn_of_places(const store::RunDirectory& run, std::int64_t step,
                    const std::vector<std::string>& of_data) {
  const auto of_model = classes_at(run, step);
  const auto columns = analysis::match_classes(of_model, of_data)->columns;
  support::log_warning(labels_in(run.checkpoint(step), of_model.size()) +
                       "have other names than those of --data, which are matched with them in order: " +
                       analysis::describe_pairs(of_model, of_data, columns) +
                       " (where that is wrong, so is the accuracy: " + kWayOut);
}

}  // namespace

std::vector<std::vector<std::int64_t>> class_columns(Context& context, const std::vector<std::int64_t>& steps,
                                                     std::size_t first, std::size_t last) {
  const auto& of_data = context.test().dataset->class_names();
  const auto count = static_cast<std::int64_t>(steps.size());
  std::vector<std::vector<std::int64_t>> columns;
  std::int64_t foreign = count, by_place = count;  // the first such frame
  for (std::size_t frame = first; frame < last; ++frame) {
    const auto of_model = classes_at(context.run(), steps[frame]);
    const auto found = analysis::match_classes(of_model, of_data);
    if (!found && !of_model.empty()) foreign = std::min(foreign, static_cast<std::int64_t>(frame));
    if (found && !found->by_name) by_place = std::min(by_place, static_cast<std::int64_t>(frame));
    columns.push_back(found ? found->columns : std::vector<std::int64_t>{});
  }
  for (std::int64_t* frame : {&foreign, &by_place})
    *frame = comm::all_reduce_scalar(context.communicator(), *frame, comm::ReduceOp::kMin);
  const auto step = [&](std::int64_t frame) { return steps[static_cast<std::size_t>(frame)]; };
  if (foreign < count) {
    if (context.is_root()) warn_of_other_classes(context.run(), step(foreign), of_data);
    return {columns.size(), std::vector<std::int64_t>{}};
  }
  if (by_place < count && context.is_root()) warn_of_places(context.run(), step(by_place), of_data);
  return columns;
}

void order_classifier(const Context& context, const std::vector<std::string>& of_data, model::Vit& model) {
  const fs::path folder = context.options().model;
  if (!fs::is_directory(folder) || !model::check_weights(folder).has_classifier) return;
  const fs::path file = folder / "config.json";
  const auto of_model = model::VitConfig::from_json(support::read_json(file), file.string()).id2label;
  if (of_model.size() != of_data.size()) return;  // it is a new classifier
  std::vector<std::int64_t> in_order(of_data.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  const auto found = analysis::match_classes(of_model, of_data);
  const auto& rows = found ? found->columns : in_order;
  if ((!found || !found->by_name) && context.is_root())
    support::log_warning(
        labels_in(folder, of_model.size()) +
        "have other names than those of --data, which go on with their classifier in order: " +
        analysis::describe_pairs(of_model, of_data, rows) + " (where that is wrong, " + kWayOut);
  if (rows == in_order) return;
  const c10::NoGradGuard no_grad;
  for (auto& [name, view] : model::named_views(model.parameters(), model.flat()))
    if (name.starts_with("classifier.")) view.copy_(view.index_select(0, at::tensor(rows, at::kLong)));
}

}  // namespace zoetrope::jobs
