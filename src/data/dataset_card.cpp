// SPDX-License-Identifier: Apache-2.0
#include "dataset_card.hpp"

#include <algorithm>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "yaml.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

using support::Json;

namespace {

constexpr std::size_t kMaxCardBytes = std::size_t{64} << 20;
constexpr const char* kForms =
    "; \"data_files\" is a pattern, a list of patterns, or a list of {split: ..., path: ...}";

bool ends_line(char c) {
  return c == '\n' || c == '\r';
}

// Between two lines of three dashes, the first of which begins the text.
std::string_view yaml_head(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n\v\f");
  if (start == std::string_view::npos || !text.substr(start).starts_with("---")) return {};
  const std::size_t begin = start + 3;
  if (begin >= text.size() || !ends_line(text[begin])) return {};
  for (std::size_t at = text.find("---", begin); at != std::string_view::npos;
       at = text.find("---", at + 1)) {
    const std::string_view rest = text.substr(at + 3);
    if (at < begin + 2 || !ends_line(text[at - 1])) continue;
    if (rest.empty() || rest.starts_with('\n') || rest.starts_with("\r\n"))
      return text.substr(begin, at - begin);
  }
  return {};
}

std::vector<std::string> patterns(const Json& value, const std::string& origin) {
  std::vector<std::string> all;
  for (const Json& one : value.is_array() ? value : Json::array({value})) {
    if (!one.is_string()) throw InputError(origin + ": " + one.dump() + " is no pattern" + kForms);
    all.push_back(one.get<std::string>());
  }
  return all;
}

void add_split(CardConfig& config, const Json& entry, const std::string& origin) {
  if (!entry.is_object() || entry.size() != 2 || !entry.contains("split") || !entry.contains("path") ||
      !entry.at("split").is_string())
    throw InputError(origin + ": \"data_files\" holds " + entry.dump() + kForms);
  const auto split = entry.at("split").get<std::string>();
  const bool is_there =
      std::ranges::any_of(config.data_files, [&](const auto& other) { return other.first == split; });
  if (is_there) throw InputError(origin + ": \"data_files\" names the split " + split + " twice");
  config.data_files.emplace_back(split, patterns(entry.at("path"), origin));
}

void add_data_files(CardConfig& config, const Json& value, const std::string& origin) {
  const bool names_splits =
      value.is_array() && std::ranges::any_of(value, [](const Json& entry) { return entry.is_object(); });
  if (!names_splits) {
    config.data_files.emplace_back("train", patterns(value, origin));
    return;
  }
  for (const Json& entry : value) add_split(config, entry, origin);
}

// Parameters of the readers of `datasets` that have it read other images, columns or labels.
std::string unsupported_in(const Json& entry) {
  for (const char* key :
       {"drop_labels", "drop_metadata", "metadata_filenames", "features", "columns", "filters"}) {
    const Json value = entry.value(key, Json());
    if (!value.is_null() && value != false) return std::string("\"") + key + "\": " + value.dump();
  }
  return "";
}

CardConfig read_config(const Json& entry, const std::string& origin) {
  if (!entry.is_object() || !entry.contains("config_name"))
    throw InputError(origin + ": each of \"configs\" needs a \"config_name\", and " + entry.dump() +
                     " has none");
  CardConfig config;
  const Json& name = entry.at("config_name");
  config.name = name.is_string() ? name.get<std::string>() : name.dump();
  const std::string place = origin + ": the configuration " + config.name;
  config.folder = support::json_get_or<std::string>(entry, "data_dir", "", place);
  const Json& is_default = entry.contains("default") ? entry.at("default") : Json();
  config.is_default = is_default.is_boolean() ? is_default.get<bool>() : is_default.is_string();
  if (entry.contains("data_files") && !entry.at("data_files").is_null())
    add_data_files(config, entry.at("data_files"), place);
  config.unsupported = unsupported_in(entry);
  return config;
}

std::vector<CardConfig> read_configs(const Json& list, const std::string& origin) {
  std::vector<CardConfig> configs;
  if (list.is_null()) return configs;
  if (!list.is_array()) throw InputError(origin + ": \"configs\" is no list");
  for (const Json& entry : list) configs.push_back(read_config(entry, origin));
  return configs;
}

// What stands under `key` in YAML; null where it is not there.
Json value_of(const Json& card, const std::string& key, const std::string& origin) {
  if (card.is_null()) return nullptr;
  if (!card.is_object()) throw InputError(origin + ": its YAML is no list of names and values");
  return card.contains(key) ? card.at(key) : Json();
}

}  // namespace

CardValue readme_value(std::string_view readme, const std::string& key, const std::string& origin) {
  return {value_of(parse_yaml(yaml_head(readme), origin), key, origin), origin};
}

CardValue card_value(const fs::path& folder, const std::string& key) {
  const fs::path alone = folder / ".huggingface.yaml", readme = folder / "README.md";
  if (support::is_regular_file(alone)) {
    const Json card = parse_yaml(support::read_file(alone, kMaxCardBytes), alone.string());
    if (card.is_object() && card.contains(key)) return {card.at(key), alone.string()};
  }
  if (!support::is_regular_file(readme)) return {nullptr, readme.string()};
  return readme_value(support::read_file(readme, kMaxCardBytes), key, readme.string());
}

std::vector<CardConfig> card_configs(const CardValue& configs) {
  return read_configs(configs.value, configs.origin);
}

}  // namespace zoetrope::data
