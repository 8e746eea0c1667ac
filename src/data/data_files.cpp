// SPDX-License-Identifier: Apache-2.0
#include "data_files.hpp"

#include <algorithm>
#include <iterator>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

#include "class_names.hpp"
#include "dataset_card.hpp"
#include "file_list.hpp"
#include "glob.hpp"
#include "kinds.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// A card cannot make us read what is not the data set's.
void refuse_ways_out(const std::string& path, const std::string& origin) {
  const auto parts = path_parts(path);
  if (path.starts_with('/') || path.find("://") != std::string::npos ||
      std::ranges::find(parts, "..") != parts.end())
    throw InputError(origin + ": " + path + " leads out of the folder, in which all that is read must lie");
}

std::vector<std::string> find_pattern(const std::vector<std::string>& files, const std::string& pattern,
                                      const std::string& origin) {
  refuse_ways_out(pattern, origin);
  std::vector<std::string> found;
  try {
    const Glob glob(pattern);
    std::ranges::copy_if(files, std::back_inserter(found),
                         [&](const std::string& file) { return glob.matches(file); });
  } catch (const InputError& error) {
    throw InputError(origin + ": " + error.what());
  }
  if (found.empty() && pattern.find_first_of("*?[") == std::string::npos)
    throw InputError(origin + ": there is no file " + pattern);
  return found;
}

bool names_hidden(const CardConfig& config) {
  const auto is_hidden = [](std::string_view part) {
    return part.starts_with('.') || part.starts_with("__");
  };
  return std::ranges::any_of(config.data_files, [&](const auto& split) {
    return std::ranges::any_of(split.second, [&](const std::string& pattern) {
      return std::ranges::any_of(path_parts(pattern), is_hidden);
    });
  });
}

// `visible` are the folder's files that are not hidden.
std::vector<SplitFiles> splits_of(const CardConfig& config, const fs::path& folder, const DataKind& kind,
                                  const std::vector<std::string>& visible) {
  const std::string origin = (folder / "README.md").string() + ": the configuration " + config.name;
  refuse_ways_out(config.folder, origin);
  const auto files =
      files_below(names_hidden(config) ? list_files(folder, kind, true) : visible, config.folder);
  std::vector<SplitFiles> splits;
  for (const auto& [name, patterns] : config.data_files) {
    SplitFiles split{name, {}};
    for (const std::string& pattern : patterns)
      std::ranges::move(find_pattern(files, pattern, origin), std::back_inserter(split.files));
    splits.push_back(std::move(split));
  }
  if (config.data_files.empty()) splits = split_by_names(files, (folder / config.folder).string());
  for (SplitFiles& split : splits) {
    for (std::string& file : split.files)
      file = (fs::path(config.folder) / file).lexically_normal().generic_string();
  }
  return splits;
}

bool holds_data(const std::vector<SplitFiles>& splits, const DataKind& kind) {
  return std::ranges::any_of(splits,
                             [&](const SplitFiles& split) { return !only_data(split.files, kind).empty(); });
}

// The folder that a configuration's files share, where its card says one.
std::string folder_of(const CardConfig& config) {
  if (!config.folder.empty()) return config.folder;
  for (const auto& [split, patterns] : config.data_files) {
    for (const std::string& pattern : patterns) {
      const auto parts = path_parts(pattern);
      if (parts.size() > 1 && parts[0].find_first_of("*?[") == std::string_view::npos)
        return std::string(parts[0]);
    }
  }
  return "";
}

[[noreturn]] void refuse_several(const fs::path& folder, const DataKind& kind,
                                 const std::vector<CardConfig>& configs) {
  std::vector<std::string> names;
  for (const CardConfig& config : configs) names.push_back(config.name);
  const std::string part = folder_of(configs[0]);
  const std::string way = part.empty() ? ""
                                       : ", or give the folder of one: --data " + std::string(kind.scheme) +
                                             ":" + (folder / part).string();
  throw InputError(
      folder.string() + ": holds several configurations of a data set, " + join_names(names) + " (" +
      (folder / "README.md").string() +
      "), which are not to be read as one; name one with --data-config, or write \"default: true\" " +
      "beneath one of them there" + way);
}

// The only one, the one that is marked or called so; else the only one whose files are here.
const CardConfig& default_config(const std::vector<CardConfig>& configs, const fs::path& folder,
                                 const DataKind& kind, const std::vector<std::string>& visible) {
  if (configs.size() == 1) return configs[0];
  std::vector<const CardConfig*> defaults;
  for (const CardConfig& config : configs)
    if (config.is_default || config.name == "default") defaults.push_back(&config);
  if (defaults.size() > 1)
    throw InputError((folder / "README.md").string() + ": the configurations " + defaults[0]->name + " and " +
                     defaults[1]->name + " are both the default; mark one");
  if (defaults.empty()) {
    for (const CardConfig& config : configs)
      if (holds_data(splits_of(config, folder, kind, visible), kind)) defaults.push_back(&config);
  }
  if (defaults.size() != 1) refuse_several(folder, kind, configs);
  return *defaults[0];
}

const CardConfig& named_config(const std::vector<CardConfig>& configs, const std::string& name,
                               const std::string& card) {
  const auto found = std::ranges::find(configs, name, &CardConfig::name);
  if (found != configs.end()) return *found;
  std::vector<std::string> names;
  for (const CardConfig& config : configs) names.push_back(config.name);
  throw InputError(card + ": names no configuration " + name + " (--data-config); it has " +
                   join_names(names));
}

// Without a card a configuration is a folder.
DataFiles find_in_folder(const fs::path& folder, const DataKind& kind, const std::string& config) {
  const auto parts = path_parts(config);
  const bool leads_out = config.starts_with('/') || std::ranges::find(parts, "..") != parts.end();
  if (leads_out || !support::is_directory(folder / config))
    throw InputError(folder.string() + ": has no configuration " + config +
                     " (--data-config): no README.md names one, and no folder in it is called so");
  return find_data_files(folder / config, kind, "");
}

}  // namespace

DataFiles find_data_files(const fs::path& folder, const DataKind& kind, const std::string& config) {
  const CardValue card = card_value(folder, "configs");
  const auto configs = card_configs(card);
  if (configs.empty() && !config.empty()) return find_in_folder(folder, kind, config);
  DataFiles data{folder, kind, false, {}, {}};
  const auto files = list_files(folder, kind, false);
  data.files = only_data(files, kind);
  if (configs.empty()) {
    data.splits = split_by_names(files, folder.string());
  } else {
    const CardConfig& chosen = config.empty() ? default_config(configs, folder, kind, files)
                                              : named_config(configs, config, card.origin);
    if (!chosen.unsupported.empty())
      throw InputError(card.origin + ": the configuration " + chosen.name + ": " + chosen.unsupported +
                       " changes what datasets reads, and is not supported here; remove it");
    data.card_tells = true;
    data.config = chosen.name;
    data.splits = splits_of(chosen, folder, kind, files);
  }
  if (data.files.empty() && !holds_data(data.splits, kind))
    throw InputError(folder.string() + ": holds no " + std::string(kind.noun) +
                     hint_at_scheme(folder, kind.scheme));
  return data;
}

}  // namespace zoetrope::data
