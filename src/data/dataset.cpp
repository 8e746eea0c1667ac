// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/dataset.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/trace.hpp"

#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

struct Scheme {
  std::string_view name;
  std::unique_ptr<Dataset> (*open)(const fs::path&, Split, const DatasetOptions&);
  bool holds_files = false;  // whole image files, which can be broken one by one, in splits that have names
  bool has_image_column = false;
  bool has_label_column = false;
};

constexpr std::array kSchemes{
    Scheme{"idx", open_idx},
    Scheme{"cifar10", open_cifar10},
    Scheme{"cifar100", open_cifar100, false, false, true},
    Scheme{"folder", open_folder, true, false, false},
    Scheme{"parquet", open_parquet, true, true, true},
};

const Scheme& find_scheme(const std::string& spec) {
  const auto colon = spec.find(':');
  const std::string name = spec.substr(0, colon);
  const auto scheme = std::ranges::find(kSchemes, name, &Scheme::name);
  if (colon != std::string::npos && scheme != kSchemes.end()) return *scheme;
  throw UsageError(
      "--data " + spec +
      ": the kind is unknown; give idx:DIR, cifar10:DIR, cifar100:DIR, folder:DIR or parquet:DIR");
}

void refuse_options_without_meaning(const Scheme& scheme, Split split, const DatasetOptions& options) {
  const auto refuse = [&](const char* option) {
    throw UsageError(std::string(option) + " has no meaning with --data " + std::string(scheme.name) + ":");
  };
  if (!scheme.holds_files && options.skip_bad_images) refuse("--skip-bad-images");
  if (!scheme.holds_files && !options.split.empty()) refuse(split_option(split));
  if (!scheme.has_image_column && !options.image_column.empty()) refuse("--image-column");
  if (!scheme.has_label_column && !options.label_column.empty()) refuse("--label-column");
}

// The names go into config.json and analysis.h5.
void refuse_names_beyond_utf8(const Dataset& dataset, const std::string& spec) {
  for (const std::string& name : dataset.class_names()) {
    try {
      support::Json(name).dump();
    } catch (const support::Json::type_error&) {
      constexpr auto kReplace = support::Json::error_handler_t::replace;
      throw InputError("--data " + spec + ": the class name " +
                       support::Json(name).dump(-1, ' ', false, kReplace) +
                       " is not UTF-8; rename its folder, or write the file of names anew in UTF-8");
    }
  }
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const std::string& spec, Split split, const DatasetOptions& options) {
  const Scheme& scheme = find_scheme(spec);
  refuse_options_without_meaning(scheme, split, options);
  const fs::path folder = spec.substr(scheme.name.size() + 1);
  if (folder.empty()) throw UsageError("--data " + spec + ": a folder must follow the colon");
  if (!fs::is_directory(folder))
    throw InputError("--data " + spec + ": " + folder.string() + " is not a folder");
  const trace::Span span("opening a data set", folder);
  try {
    auto dataset = scheme.open(folder, split, options);
    refuse_names_beyond_utf8(*dataset, spec);
    return dataset;
  } catch (const fs::filesystem_error& error) {  // a folder without permission to read, a disk that went away
    throw InputError("--data " + spec + ": " + error.what());
  }
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec, Split split, std::int64_t limit) {
  DatasetOptions options;
  options.limit = limit;
  return open_dataset(spec, split, options);
}

}  // namespace zoetrope::data
