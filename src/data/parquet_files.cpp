// SPDX-License-Identifier: Apache-2.0
#include "parquet_files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// FOLDER/**/train-00000-of-00002.parquet, train.parquet or train/0000.parquet.
bool belongs_to(const fs::path& file, std::string_view split) {
  const std::string name = file.filename().string();
  if (name.starts_with(split) && name.size() > split.size() &&
      (name[split.size()] == '-' || name[split.size()] == '.'))
    return true;
  return file.parent_path().filename() == split;
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

}  // namespace

std::vector<fs::path> list_parquet_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".parquet") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> shards_of(const std::vector<fs::path>& files, Split split, const std::string& given) {
  std::vector<std::string_view> names{given};
  if (given.empty()) names.assign(split_names(split).begin(), split_names(split).end());
  std::vector<fs::path> shards;
  for (const std::string_view name : names) {
    std::ranges::copy_if(files, std::back_inserter(shards),
                         [&](const fs::path& file) { return belongs_to(file, name); });
    if (!shards.empty()) break;
  }
  return shards;
}

std::vector<fs::path> find_shards(const fs::path& folder, Split split, const std::string& given) {
  const std::vector<fs::path> files = list_parquet_files(folder);
  const std::vector<fs::path> shards = shards_of(files, split, given);
  warn_of_missing(shards);
  if (!shards.empty()) return shards;
  if (files.empty()) throw InputError(folder.string() + ": holds no .parquet file");
  throw InputError(folder.string() + ": none of its .parquet files (" + files[0].filename().string() +
                   (files.size() > 1 ? ", ..." : "") + ") is named " +
                   (given.empty() ? (split == Split::kTrain ? "train-*" : "test-*, validation-* or alike")
                                  : given + "-*") +
                   "; name the split with " + split_option(split));
}

}  // namespace zoetrope::data
