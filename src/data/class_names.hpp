// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace zoetrope::data {

// One name a line, blank lines left out. Throws InputError naming the file, and the line that is no UTF-8.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

// FOLDER/class_names.txt or FOLDER/labels.txt, where there is one.
std::optional<std::vector<std::string>> class_names_in(const std::filesystem::path& folder);

// Class names go into config.json, analysis.h5, tables and the page, which are UTF-8: InputError, beginning
// with `origin`, for one that is not. Images' names, which only the page and tables show, may be anything.
void refuse_names_beyond_utf8(const std::vector<std::string>& names, const std::string& origin);

// Fashion-MNIST's ten classes, in label order (its README).
const std::vector<std::string>& fashion_mnist_class_names();

// "a, b and c".
std::string join_names(const std::vector<std::string>& names);

}  // namespace zoetrope::data
