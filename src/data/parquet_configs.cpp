// SPDX-License-Identifier: Apache-2.0
#include "parquet_configs.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxReadmeBytes = std::size_t{64} << 20;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// YAML's plain or quoted text up to the end of the line or of a {flow, mapping}.
std::string scalar(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (!text.empty() && (text[0] == '"' || text[0] == '\'')) {
    const std::size_t end = text.find(text[0], 1);
    return std::string(text.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  text = text.substr(0, std::min(text.find_first_of(",}\r"), text.find(" #")));
  return std::string(text.substr(0, text.find_last_not_of(' ') + 1));
}

// The folder of a shard below `folder`, without the split's own: "full" of full/train/0.parquet.
std::string config_folder(const fs::path& shard, const fs::path& folder,
                          const std::vector<std::string>& split_names) {
  fs::path config;
  for (const fs::path& part : shard.lexically_relative(folder).parent_path()) {
    if (holds(split_names, part.string())) break;
    if (part != ".") config /= part;
  }
  return config.string();
}

std::set<std::string> config_folders(const std::vector<fs::path>& shards, const fs::path& folder,
                                     const std::vector<std::string>& split_names) {
  std::set<std::string> folders;
  for (const fs::path& shard : shards) folders.insert(config_folder(shard, folder, split_names));
  return folders;
}

std::vector<std::string> configs_of_readme(const fs::path& readme) {
  if (!fs::is_regular_file(readme)) return {};
  return config_names(support::read_file(readme, kMaxReadmeBytes));
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i].empty() ? "the folder itself" : names[i];
  }
  return text;
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& configs,
                         const std::set<std::string>& folders) {
  const auto one = std::ranges::find_if(folders, [](const std::string& name) { return !name.empty(); });
  throw InputError(folder.string() + ": holds several configurations of a data set, " + configs +
                   ", which are not to be read as one; give the folder of one" +
                   (folders.size() > 1 && one != folders.end()
                        ? ": --data parquet:" + (folder / *one).string()
                        : ", with its shards alone, as parquet:DIR"));
}

}  // namespace

std::vector<std::string> config_names(const std::string& readme) {
  constexpr std::string_view kKey = "config_name:";
  std::vector<std::string> names;
  std::istringstream lines(readme);
  std::string line;
  if (!std::getline(lines, line) || !line.starts_with("---")) return names;
  bool in_configs = false;
  while (std::getline(lines, line) && !line.starts_with("---")) {
    const bool continues = line.empty() || std::string_view(" -#\r").find(line[0]) != std::string_view::npos;
    if (!continues) in_configs = line.starts_with("configs:");
    if (!in_configs || line.starts_with("#")) continue;
    for (std::size_t at = line.find(kKey); at != std::string::npos; at = line.find(kKey, at + 1))
      names.push_back(scalar(std::string_view(line).substr(at + kKey.size())));
  }
  return names;
}

void refuse_several_configs(const fs::path& folder, const std::vector<fs::path>& shards,
                            const std::vector<fs::path>& other_shards,
                            const std::vector<std::string>& split_names) {
  const auto own = config_folders(shards, folder, split_names);
  const auto others = config_folders(other_shards, folder, split_names);
  std::set<std::string> all = own;
  all.insert(others.begin(), others.end());
  const fs::path readme = folder / "README.md";
  const auto names = configs_of_readme(readme);
  const bool are_of_one = all.size() == 1 && holds(names, *all.begin());
  if (names.size() > 1 && !are_of_one) refuse(folder, join(names) + " (" + readme.string() + ")", all);
  std::vector<std::string> both;
  std::ranges::set_intersection(own, others, std::back_inserter(both));
  if (!both.empty() && (own.size() > 1 || others.size() > 1))
    refuse(folder, join({all.begin(), all.end()}), all);
}

}  // namespace zoetrope::data
