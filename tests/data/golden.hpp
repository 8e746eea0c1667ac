// SPDX-License-Identifier: Apache-2.0
// Reads what tests/golden/make_data_golden.py wrote.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

#include "support/golden.hpp"

namespace zoetrope::data {

class Golden : public golden_files::Reader {
 public:
  explicit Golden(const std::string& name) : Reader(golden_files::path("data/" + name)) {}

  const support::Json& cases() const { return at("cases"); }

  Image image(const support::Json& place) const {
    const auto shape = place.at("shape").get<std::vector<int>>();
    return {shape[0], shape[1], shape[2], array<std::uint8_t>(place)};
  }
};

}  // namespace zoetrope::data
