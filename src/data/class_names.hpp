// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace zoetrope::data {

// One name a line, blank lines left out. Throws InputError naming the file.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

// FOLDER/class_names.txt or FOLDER/labels.txt, where there is one.
std::optional<std::vector<std::string>> class_names_in(const std::filesystem::path& folder);

// Fashion-MNIST's ten classes, in label order (its README).
const std::vector<std::string>& fashion_mnist_class_names();

// "a, b and c".
std::string join_names(const std::vector<std::string>& names);

}  // namespace zoetrope::data
