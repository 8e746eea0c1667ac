// SPDX-License-Identifier: Apache-2.0
// Reads what tests/golden/make_analysis_golden.py wrote.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/analysis/projection.hpp"

#include "support/golden.hpp"

namespace zoetrope::analysis {

class Golden : public golden_files::Reader {
 public:
  Golden() : Reader(golden_files::path("analysis/analysis")) {}

  at::Tensor rows(const support::Json& place) const {
    const auto values = array<float>(place);
    at::Tensor rows = at::empty(place.at("shape").get<std::vector<std::int64_t>>(), at::kFloat);
    std::memcpy(rows.mutable_data_ptr<float>(), values.data(), values.size() * sizeof(float));
    return rows;
  }
  Points points(const support::Json& place) const {
    const auto values = array<double>(place);
    return Eigen::Map<const Points>(values.data(), static_cast<Eigen::Index>(values.size() / 2), 2);
  }
};

// The case of a list that has this name.
inline const support::Json& named(const support::Json& cases, const std::string& name) {
  for (const auto& item : cases) {
    if (item.at("name") == name) return item;
  }
  throw InputError("no golden case " + name);
}

// The names of the cases that have a value for `key`.
inline std::vector<std::string> names(const support::Json& cases, const std::string& key = "name") {
  std::vector<std::string> all;
  for (const auto& item : cases) {
    if (!item.at(key).is_null()) all.push_back(item.at("name"));
  }
  return all;
}

}  // namespace zoetrope::analysis
