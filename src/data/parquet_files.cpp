// SPDX-License-Identifier: Apache-2.0
#include "parquet_files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "zoetrope/support/log.hpp"

#include "data_files.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// datasets takes what has another ending after this one, too.
bool is_shard(std::string_view name) {
  for (const std::string_view ending : {".parquet", ".geoparquet", ".gpq"}) {
    const std::size_t at = name.rfind(ending);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = name.substr(at + ending.size());
    if (rest.empty() || (rest.starts_with('.') && rest.size() > 1)) return true;
  }
  return false;
}

constexpr DataKind kShards{"parquet", ".parquet file",
                           "name the shards to test with test-00000-of-00001.parquet and so on", is_shard};

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

SplitShards find_shards(const fs::path& folder, Split split, const DatasetOptions& options) {
  const SplitChoice choice = choose_split(find_data_files(folder, kShards), split, options);
  const SplitShards found{in_folder(folder, choice.own), in_folder(folder, choice.other)};
  warn_of_missing(found.own);
  return found;
}

}  // namespace zoetrope::data
