// SPDX-License-Identifier: Apache-2.0
// What the scripts in tests/golden have written down of the libraries that we compare with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::golden_files {

inline std::filesystem::path path(const std::string& name) {
  return std::filesystem::path(ZOETROPE_GOLDEN_DIR) / name;
}

// numpy's name of a type.
template <typename T>
std::string dtype_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return "uint8";
  if constexpr (std::is_same_v<T, std::int64_t>) return "int64";
  if constexpr (std::is_same_v<T, float>) return "float32";
  if constexpr (std::is_same_v<T, double>) return "float64";
}

// STEM.json, whose places {"offset", "shape", "dtype"} are arrays in STEM.bin, in C order.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& stem)
      : name_(stem.filename().string()),
        json_(support::read_json(stem.string() + ".json")),
        bytes_(support::read_file(stem.string() + ".bin")) {}

  const support::Json& at(const std::string& key) const { return json_.at(key); }

  template <typename T>
  std::vector<T> array(const support::Json& place) const {
    std::size_t count = 1;
    for (const auto& side : place.at("shape")) count *= side.get<std::size_t>();
    const auto offset = place.at("offset").get<std::size_t>();
    if (place.at("dtype") != dtype_of<T>() || offset > bytes_.size() ||
        count > (bytes_.size() - offset) / sizeof(T))
      throw InputError(name_ + ".bin holds no " + dtype_of<T>() + " at " + place.dump());
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), bytes_.data() + offset, count * sizeof(T));
    return values;
  }

 private:
  std::string name_;
  support::Json json_;
  std::string bytes_;
};

}  // namespace zoetrope::golden_files
