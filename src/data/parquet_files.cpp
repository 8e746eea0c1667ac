// SPDX-License-Identifier: Apache-2.0
#include "parquet_files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "image_endings.hpp"
#include "parquet_configs.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

bool is_named_after(const fs::path& file, std::string_view split) {
  const std::string name = file.filename().string();
  return name.starts_with(split) && name.size() > split.size() &&
         (name[split.size()] == '-' || name[split.size()] == '.');
}

// FOLDER/**/train-00000-of-00002.parquet, train.parquet or train/**/0000.parquet; what FOLDER itself is
// called says nothing.
bool belongs_to(const fs::path& file, const fs::path& folder, std::string_view split) {
  const fs::path place = file.lexically_relative(folder);
  const fs::path above = place.parent_path();
  return is_named_after(file, split) || std::ranges::find(above, fs::path(split)) != above.end();
}

// "train-00000-of-00002.parquet" is one of two; 0 where a name does not say.
std::int64_t shards_by_name(const fs::path& file) {
  const std::string name = file.stem().string();
  const std::size_t of = name.rfind("-of-");
  std::int64_t count = 0;
  if (of != std::string::npos) std::from_chars(name.data() + of + 4, name.data() + name.size(), count);
  return count;
}

// Some take a few of many shards on purpose, so that it is no error.
void warn_of_missing(const std::vector<fs::path>& shards) {
  for (const fs::path& shard : shards) {
    const std::int64_t wanted = shards_by_name(shard);
    const auto here = std::ranges::count_if(shards, [&](const fs::path& other) {
      return other.parent_path() == shard.parent_path() && shards_by_name(other) == wanted;
    });
    if (here >= wanted) continue;
    support::log_warning(shard.string() + ": is one of " + std::to_string(wanted) + " shards, of which " +
                         std::to_string(here) + " are here: going on without the others' images");
    return;
  }
}

std::vector<fs::path> list_parquet_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
    if (is_left_out(*at)) {
      at.disable_recursion_pending();
    } else if (at->path().extension() == ".parquet") {
      files.push_back(at->path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> shards_of(const std::vector<fs::path>& files, const fs::path& folder, Split split,
                                const std::string& given) {
  std::vector<std::string_view> names{given};
  if (given.empty()) names.assign(split_names(split).begin(), split_names(split).end());
  std::vector<fs::path> shards;
  for (const std::string_view name : names) {
    std::ranges::copy_if(files, std::back_inserter(shards),
                         [&](const fs::path& file) { return belongs_to(file, folder, name); });
    if (!shards.empty()) break;
  }
  return shards;
}

// One folder says one split and a name the other, or else the same images are to be both, as asked.
void refuse_shards_of_both(const SplitShards& found, const DatasetOptions& options) {
  if (found.own == found.others && !(options.split.empty() && options.other_split.empty())) return;
  std::vector<fs::path> both;
  std::ranges::set_intersection(found.own, found.others, std::back_inserter(both));
  if (!both.empty())
    throw InputError(
        both[0].string() +
        ": is a training and a test shard at once, one by its name and the other by its folder's; rename "
        "or move it");
}

// Those that a split may have, which say nothing of a configuration.
std::vector<std::string> folder_names(const DatasetOptions& options) {
  std::vector<std::string> names{options.split, options.other_split};
  for (const Split split : {Split::kTrain, Split::kTest})
    names.insert(names.end(), split_names(split).begin(), split_names(split).end());
  return names;
}

}  // namespace

SplitShards find_shards(const fs::path& folder, Split split, const DatasetOptions& options) {
  const std::vector<fs::path> files = list_parquet_files(folder);
  SplitShards found{shards_of(files, folder, split, options.split),
                    shards_of(files, folder, other_of(split), options.other_split)};
  if (!found.own.empty()) {
    refuse_shards_of_both(found, options);
    refuse_several_configs(folder, found.own, found.others, folder_names(options));
    warn_of_missing(found.own);
    return found;
  }
  if (files.empty()) throw InputError(folder.string() + ": holds no .parquet file");
  throw InputError(folder.string() + ": none of its .parquet files (" + files[0].filename().string() +
                   (files.size() > 1 ? ", ..." : "") + ") is named " +
                   (options.split.empty()
                        ? (split == Split::kTrain ? "train-*" : "test-*, validation-* or alike")
                        : options.split + "-*") +
                   "; name the split with " + split_option(split));
}

}  // namespace zoetrope::data
