// SPDX-License-Identifier: Apache-2.0
#include "shard_files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "data_files.hpp"
#include "glob.hpp"
#include "kinds.hpp"
#include "saved_dataset.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

bool is_shard(std::string_view name) {
  return is_parquet(name) || is_arrow(name);
}

constexpr DataKind kShards{"parquet", ".parquet or .arrow file",
                           "name the shards to test with test-00000-of-00001.parquet and so on", is_shard};
constexpr DataKind kTars{"webdataset", ".tar file", "name the shards to test with test-000000.tar and so on",
                         is_tar};

const DataKind& kind_of(ShardKind kind) {
  return kind == ShardKind::kTar ? kTars : kShards;
}

void refuse_config(const fs::path& given, const DatasetOptions& options, const char* what) {
  if (!options.config.empty())
    throw UsageError("--data-config " + options.config + ": " + given.string() + " is " + what +
                     ", which has no configurations");
}

// A file, the folder of a saved data set, or one with shards anywhere in it, of Parquet where there are any.
DataFiles find_files(const fs::path& given, ShardKind kind, const DatasetOptions& options) {
  if (!support::is_directory(given)) {
    refuse_config(given, options, "one file");
    const std::string name = given.filename().string();
    return {given.parent_path(), kind_of(kind), true, {name}, {{"train", {name}}}};
  }
  if (kind == ShardKind::kTar) return find_data_files(given, kTars, options.config);
  if (auto splits = saved_splits(given)) {
    refuse_config(given, options, "what save_to_disk() of datasets wrote");
    return {given, kShards, true, {}, std::move(*splits)};
  }
  DataFiles data = find_data_files(given, kShards, options.config);
  const bool has_parquet =
      std::ranges::any_of(data.files, [](const std::string& file) { return is_parquet(file_name(file)); });
  data.kind.is_data = has_parquet ? is_parquet : is_arrow;
  return data;
}

void require_test_shards(const fs::path& given, Split split, const DatasetOptions& options) {
  if (split == Split::kTrain || !options.split.empty() || support::is_directory(given)) return;
  throw InputError(
      given.string() +
      ": is one file, which datasets reads as training data; give its folder, where another one is "
      "named after the test split, or --test-split train to test with the same images");
}

// Features of a card are of the data set that it lies in, none of a file alone.
CardFeatures features_for(const fs::path& given, const DataFiles& data) {
  if (!support::is_directory(given) || is_saved_dataset(given)) return {};
  return card_features(data.folder, data.config);
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

SplitShards find_shards(const fs::path& given, ShardKind kind, Split split, const DatasetOptions& options) {
  require_test_shards(given, split, options);
  const DataFiles data = find_files(given, kind, options);
  const SplitChoice choice = choose_split(data, split, options);
  SplitShards found{choice.own.name,
                    choice.other.name,
                    in_folder(data.folder, choice.own),
                    in_folder(data.folder, choice.other),
                    data.folder,
                    features_for(given, data)};
  warn_of_missing(found.own);
  return found;
}

}  // namespace zoetrope::data
