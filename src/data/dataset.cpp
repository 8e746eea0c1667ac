// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/dataset.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/hub_cache.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/trace.hpp"

#include "class_names.hpp"
#include "class_warnings.hpp"
#include "kinds.hpp"
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
  bool takes_a_file = false;  // in place of a folder
};

constexpr std::array kSchemes{
    Scheme{.name = "idx", .open = open_idx},
    Scheme{.name = "cifar10", .open = open_cifar10},
    Scheme{.name = "cifar100", .open = open_cifar100, .has_label_column = true},
    Scheme{.name = "folder",
           .open = open_folder,
           .holds_files = true,
           .has_image_column = true,
           .has_label_column = true},
    Scheme{.name = "parquet",
           .open = open_parquet,
           .holds_files = true,
           .has_image_column = true,
           .has_label_column = true,
           .takes_a_file = true},
    Scheme{.name = "webdataset",
           .open = open_webdataset,
           .holds_files = true,
           .has_image_column = true,
           .has_label_column = true,
           .takes_a_file = true},
};

const Scheme& scheme_of(std::string_view name) {
  return *std::ranges::find(kSchemes, name, &Scheme::name);
}

// What --data means: a kind, and the folder or file that is of it.
struct Location {
  const Scheme& scheme;
  fs::path folder;
};

// Of the names that data sets had before they got an owner.
std::string name_on_hub(const std::string& name) {
  if (name == "cifar10" || name == "cifar100") return "uoft-cs/" + name;
  if (name == "mnist") return "ylecun/mnist";
  if (name == "fashion_mnist") return "zalando-datasets/fashion_mnist";
  return name;
}

Location location_on_hub(const std::string& name, const std::string& spec) {
  using support::HubKind;
  for (const std::string& known : {name, name_on_hub(name)})
    if (const auto snapshot = support::hub_snapshot(HubKind::kDataset, known)) {
      const std::string_view scheme = scheme_for(*snapshot);
      return {scheme_of(scheme.empty() ? "folder" : scheme), *snapshot};
    }
  throw InputError("--data " + spec + ": " + support::how_to_bring(HubKind::kDataset, name_on_hub(name)));
}

[[noreturn]] void refuse_kind(const std::string& spec) {
  std::string hint = support::exists(spec) ? hint_at_scheme(spec, "") : "";
  if (hint.empty() && support::is_directory(spec)) hint = "; did you mean folder:" + spec + "?";
  throw UsageError("--data " + spec + ": the kind is unknown" +
                   (hint.empty() ? "; give idx:DIR, cifar10:DIR, cifar100:DIR, folder:DIR, parquet:DIR, "
                                   "webdataset:DIR or hf:OWNER/NAME"
                                 : hint));
}

// "owner/name", or the Hub's own address. A word alone may be a slip as well, where the cache does not hold
// it: what is on the Hub by that name is asked for with hf:.
bool names_hub(const std::string& spec) {
  using support::HubKind;
  if (spec.starts_with("http") || spec.starts_with("hf:"))
    return support::may_be_on_hub(HubKind::kDataset, spec);
  if (spec.find(':') != std::string::npos || support::exists(spec)) return false;
  return (spec.find('/') != std::string::npos || name_on_hub(spec) != spec ||
          support::hub_snapshot(HubKind::kDataset, spec)) &&
         support::may_be_on_hub(HubKind::kDataset, spec);
}

// "folder" and "images" of folder:images.
std::pair<std::string, std::string> kind_and_place(const std::string& spec) {
  const auto colon = spec.find(':');
  return {spec.substr(0, colon), colon == std::string::npos ? "" : spec.substr(colon + 1)};
}

// Of what does not name the Hub.
const Scheme& named_scheme(const std::string& spec) {
  const auto [kind, place] = kind_and_place(spec);
  const auto* const scheme = std::ranges::find(kSchemes, kind, &Scheme::name);
  if (spec.find(':') == std::string::npos || scheme == kSchemes.end()) refuse_kind(spec);
  if (place.empty()) throw UsageError("--data " + spec + ": a folder must follow the colon");
  return *scheme;
}

Location find_location(const std::string& spec) {
  const auto [kind, place] = kind_and_place(spec);
  if (names_hub(spec)) return location_on_hub(kind == "hf" ? place : spec, spec);
  const Scheme* const scheme = &named_scheme(spec);
  if (!support::is_directory(place) && !(scheme->takes_a_file && support::is_regular_file(place)))
    throw InputError("--data " + spec + ": " + place + " is not a folder" +
                     (scheme->takes_a_file ? " or a file" : "") +
                     (support::is_regular_file(place) ? hint_at_scheme(place, kind) : ""));
  return {*scheme, place};
}

void refuse_options_without_meaning(const Scheme& scheme, Split split, const DatasetOptions& options) {
  const auto refuse = [&](const char* option) {
    throw UsageError(std::string(option) + " has no meaning with --data " + std::string(scheme.name) + ":");
  };
  if (!scheme.holds_files && options.skip_bad_images) refuse("--skip-bad-images");
  if (!scheme.holds_files && !options.split.empty()) refuse(split_option(split));
  if (!scheme.holds_files && !options.config.empty()) refuse("--data-config");
  if (!scheme.has_image_column && !options.image_column.empty()) refuse("--image-column");
  if (!scheme.has_label_column && !options.label_column.empty()) refuse("--label-column");
}

}  // namespace

void check_choice(const std::string& spec, Split split, const DatasetOptions& options) {
  if (!names_hub(spec)) refuse_options_without_meaning(named_scheme(spec), split, options);
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec, Split split, const DatasetOptions& options) {
  const auto [scheme, folder] = find_location(spec);
  refuse_options_without_meaning(scheme, split, options);
  const trace::Span span("opening a data set", folder);
  auto dataset = scheme.open(folder, split, options);
  refuse_names_beyond_utf8(dataset->class_names(), "--data " + spec);
  warn_of_lookalikes(dataset->class_names(), "--data " + spec);
  return dataset;
}

}  // namespace zoetrope::data
