// SPDX-License-Identifier: Apache-2.0
#include "parquet_files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "data_files.hpp"
#include "glob.hpp"
#include "parquet/shard.hpp"
#include "saved_dataset.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// datasets takes what has another ending after one of these, too.
bool has_ending(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    const std::size_t at = name.rfind(ending);
    if (at == std::string_view::npos) return false;
    const std::string_view rest = name.substr(at + ending.size());
    return rest.empty() || (rest.starts_with('.') && rest.size() > 1);
  });
}

bool is_parquet(std::string_view name) {
  return has_ending(name, {".parquet", ".geoparquet", ".gpq"});
}

bool is_arrow(std::string_view name) {
  return is_arrow_file(name);
}

bool is_shard(std::string_view name) {
  return is_parquet(name) || is_arrow(name);
}

constexpr DataKind kShards{"parquet", ".parquet or .arrow file",
                           "name the shards to test with test-00000-of-00001.parquet and so on", is_shard};

// A file, the folder of a saved data set, or one with shards anywhere in it, of Parquet where there are any.
DataFiles find_files(const fs::path& given) {
  if (!fs::is_directory(given)) {
    const std::string name = given.filename().string();
    return {given.parent_path(), kShards, true, {name}, {{"train", {name}}}};
  }
  if (auto splits = saved_splits(given)) return {given, kShards, true, {}, std::move(*splits)};
  DataFiles data = find_data_files(given, kShards);
  const bool has_parquet =
      std::ranges::any_of(data.files, [](const std::string& file) { return is_parquet(file_name(file)); });
  data.kind.is_data = has_parquet ? is_parquet : is_arrow;
  return data;
}

void require_test_shards(const fs::path& given, Split split, const DatasetOptions& options) {
  if (split == Split::kTrain || !options.split.empty() || fs::is_directory(given)) return;
  throw InputError(
      given.string() +
      ": is one file, which datasets reads as training data; give its folder, where another one is "
      "named after the test split, or --test-split train to test with the same images");
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

std::vector<fs::path> in_folder(const fs::path& folder, const SplitFiles& split) {
  std::vector<fs::path> files;
  for (const std::string& file : split.files) files.push_back(folder / file);
  return files;
}

}  // namespace

SplitShards find_shards(const fs::path& given, Split split, const DatasetOptions& options) {
  require_test_shards(given, split, options);
  const DataFiles data = find_files(given);
  const SplitChoice choice = choose_split(data, split, options);
  const SplitShards found{in_folder(data.folder, choice.own), in_folder(data.folder, choice.other)};
  warn_of_missing(found.own);
  return found;
}

}  // namespace zoetrope::data
