// SPDX-License-Identifier: Apache-2.0
// Reads what tests/golden/make_data_golden.py wrote.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::data {

class Golden {
 public:
  explicit Golden(const std::string& name)
      : json_(support::read_json(std::string(ZOETROPE_GOLDEN_DIR) + "/data/" + name + ".json")),
        bytes_(support::read_file(std::string(ZOETROPE_GOLDEN_DIR) + "/data/" + name + ".bin")) {}

  const support::Json& cases() const { return json_.at("cases"); }

  template <typename T>
  std::vector<T> array(const support::Json& place) const {
    std::size_t count = 1;
    for (const auto& side : place.at("shape")) count *= side.get<std::size_t>();
    std::vector<T> values(count);
    std::memcpy(values.data(), bytes_.data() + place.at("offset").get<std::size_t>(), count * sizeof(T));
    return values;
  }

  Image image(const support::Json& place) const {
    const auto shape = place.at("shape").get<std::vector<int>>();
    return {shape[0], shape[1], shape[2], array<std::uint8_t>(place)};
  }

 private:
  support::Json json_;
  std::string bytes_;
};

}  // namespace zoetrope::data
