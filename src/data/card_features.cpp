// SPDX-License-Identifier: Apache-2.0
#include "card_features.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

using support::Json;

namespace {

// As Python writes what YAML makes of a name without quotes: "no" is False.
std::string class_name(const Json& name) {
  if (name.is_string()) return name.get<std::string>();
  if (name.is_boolean()) return name.get<bool>() ? "True" : "False";
  return name.is_null() ? "None" : name.dump();
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = !text.empty() && error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

// {"0": "cat", "1": "dog"}.
std::vector<std::string> numbered_names(const Json& names, const std::string& place) {
  std::vector<std::string> ordered(names.size());
  std::set<std::int64_t> seen;
  for (const auto& [key, name] : names.items()) {
    const auto number = whole_number(key);
    if (!number || *number < 0 || *number >= std::ssize(ordered) || !seen.insert(*number).second)
      throw InputError(place + ": \"" + key + "\" is none of the numbers 0 to " +
                       std::to_string(names.size() - 1) + ", of which each needs a name");
    ordered[static_cast<std::size_t>(*number)] = class_name(name);
  }
  return ordered;
}

std::vector<std::string> names_of(const Json& label, const std::string& place) {
  const Json names = label.is_object() && label.contains("names") ? label.at("names") : Json();
  if (names.is_object()) return numbered_names(names, place);
  if (!names.is_array()) throw InputError(place + ": a class_label needs \"names\"");
  std::vector<std::string> list;
  for (const Json& name : names) list.push_back(class_name(name));
  return list;
}

// {"name": "label", "dtype": {"class_label": {"names": ...}}}; what is neither an image nor a label is a
// value.
Json feature(const Json& entry, const std::string& place) {
  const Json& type = entry.contains("dtype") ? entry.at("dtype") : entry;
  if (type == "image" || (type.is_object() && type.contains("image"))) return {{"_type", "Image"}};
  if (!type.is_object() || !type.contains("class_label")) return {{"_type", "Value"}};
  const auto names = names_of(type.at("class_label"), place);
  if (std::set(names.begin(), names.end()).size() != names.size())
    throw InputError(place + ": two classes have the same name");
  return {{"_type", "ClassLabel"}, {"names", names}};
}

Json features_of(const Json& info, const std::string& origin) {
  if (!info.contains("features") || info.at("features").is_null()) return nullptr;
  const std::string place = origin + ": \"features\" of \"dataset_info\"";
  if (!info.at("features").is_array()) throw InputError(place + ": is no list");
  Json features = Json::object();
  for (const Json& entry : info.at("features")) {
    const auto name = support::json_get<std::string>(entry, "name", place);
    features[name] = feature(entry, place + ": " + name);
  }
  return features;
}

// Of several entries that of the configuration, of which that without a name is "default".
Json entry_of(const std::vector<std::pair<std::string, Json>>& entries, const std::string& config) {
  if (config.empty()) return entries.size() == 1 ? entries[0].second : Json();
  for (const auto& [name, entry] : entries)
    if (name == config) return entry;
  return nullptr;
}

std::vector<std::pair<std::string, Json>> entries_of(const CardValue& info) {
  std::vector<std::pair<std::string, Json>> entries;
  if (!info.value.is_array() && !info.value.is_object()) return entries;
  for (const Json& entry : info.value.is_array() ? info.value : Json::array({info.value})) {
    const std::string place = info.origin + ": \"dataset_info\"";
    if (!entry.is_object())
      throw InputError(place + " holds " + entry.dump() + ", which is no list of values");
    entries.emplace_back(support::json_get_or<std::string>(entry, "config_name", "default", place),
                         features_of(entry, info.origin));
  }
  return entries;
}

}  // namespace

Json features_of_info(const CardValue& info, const std::string& config) {
  return entry_of(entries_of(info), config);
}

CardFeatures card_features(const fs::path& folder, const std::string& config) {
  const CardValue info = card_value(folder, "dataset_info");
  std::vector<std::pair<std::string, Json>> entries = entries_of(info);
  const fs::path old = folder / "dataset_infos.json";
  std::string origin = info.origin;
  if (support::is_regular_file(old)) {
    const Json infos = support::read_python_json(old);
    for (const auto& [name, entry] : infos.items()) {
      const std::string known = infos.size() == 1 ? "default" : name;
      const bool is_told =
          std::ranges::any_of(entries, [&](const auto& told) { return told.first == known; });
      if (is_told || !entry.is_object()) continue;
      if (entries.empty()) origin = old.string();
      entries.emplace_back(known, entry.contains("features") ? entry.at("features") : Json());
    }
  }
  return {entry_of(entries, config), origin};
}

}  // namespace zoetrope::data
