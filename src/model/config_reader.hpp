// SPDX-License-Identifier: Apache-2.0
// The values of a config.json, checked; errors name the file and the key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

class ConfigReader {
 public:
  ConfigReader(const support::Json& json, const std::string& origin) : json_(json), origin_(origin) {}

  [[noreturn]] void fail(const std::string& what) const;

  // A key that is absent leaves `value` as it is. A null is no absent key, to transformers neither.
  template <typename T>
  void read(const char* key, T& value) const {
    if (json_.contains(key)) value = support::json_get<T>(json_, key, origin_);
  }
  void read_extent(const char* key, std::int64_t& value) const;
  void read_layers(const char* key, std::int64_t& value) const;
  void read_count(const char* key, std::int64_t& value) const;   // may be 0
  void read_side(const char* key, std::int64_t& value) const;    // a number, or [height, width] of a square
  void read_non_negative(const char* key, double& value) const;  // at most 1e12
  void read_activation(const char* key, Activation& activation) const;

  // The classes' names, from "id2label" and "num_labels".
  std::vector<std::string> read_labels() const;

  // Throws where `key` is there and says anything.
  void require_unset(const char* key, const char* meaning) const;

 private:
  void read_whole(const char* key, std::int64_t& value, std::int64_t least, std::int64_t most) const;
  std::int64_t whole(const char* key, const support::Json& json, std::int64_t least, std::int64_t most) const;
  std::size_t index_of(const std::string& id, std::size_t count) const;
  std::string label_of(const support::Json& label) const;

  const support::Json& json_;
  const std::string& origin_;
};

// As ACT2FN of transformers calls it; of several names the first.
const char* name_of(Activation activation);

}  // namespace zoetrope::model
