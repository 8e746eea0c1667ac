// SPDX-License-Identifier: Apache-2.0
// nlohmann::json with this project's errors: every message names the file and the key.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {

using Json = nlohmann::json;

// Parses `text`; `origin` names it in errors. Refuses nesting deeper than 64 (a hostile file must not exhaust
// the stack) and duplicate keys. Throws InputError with the byte at fault.
Json parse_json(std::string_view text, const std::string& origin);

// Reads and parses a file of at most `max_bytes`.
Json read_json(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{64} << 20);

// The same of a file that Python's json wrote, as Python's json reads it: NaN, Infinity and -Infinity are
// numbers, for which JSON has no words; of "\\ud83d" alone, half of a character, becomes U+FFFD.
Json parse_python_json(std::string_view text, const std::string& origin);
Json read_python_json(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{64} << 20);

// Whether T can hold the value: converting a number out of its range would be undefined.
template <typename T>
bool json_fits(const Json& value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    if (value.is_number_unsigned()) return std::in_range<T>(value.get<std::uint64_t>());
    return value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
  } else {
    return true;
  }
}

// value.at(key) as T; InputError names `origin` and `key` when absent or of another type.
template <typename T>
T json_get(const Json& value, const std::string& key, const std::string& origin) {
  if (!value.is_object() || !value.contains(key)) throw InputError(origin + ": \"" + key + "\" is missing");
  try {
    if (json_fits<T>(value.at(key))) return value.at(key).get<T>();
  } catch (const Json::exception&) {
    // Refused below.
  }
  throw InputError(origin + ": \"" + key + "\" is " + value.at(key).dump() +
                   ", which is not of the kind expected");
}

// The same with a default where the key is absent or null.
template <typename T>
T json_get_or(const Json& value, const std::string& key, T fallback, const std::string& origin) {
  if (!value.is_object() || !value.contains(key) || value.at(key).is_null()) return fallback;
  return json_get<T>(value, key, origin);
}

}  // namespace zoetrope::support
