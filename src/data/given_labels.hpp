// SPDX-License-Identifier: Apache-2.0
// Labels of rows, as people keep them beside their embeddings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::data {

struct GivenLabels {
  std::vector<std::int64_t> label;  // [N], indices into class_names
  std::vector<std::string> class_names;
  std::vector<std::string> names;  // [N], of the rows; empty: they have none
};

// `file` is of `count` rows; `num_classes`: of the logits, 0: there are none. See open_given_dataset().
GivenLabels read_given_labels(const std::filesystem::path& file, const std::string& column,
                              std::int64_t count, std::int64_t num_classes);

}  // namespace zoetrope::data
