// SPDX-License-Identifier: Apache-2.0
#include "class_names.hpp"

#include <sstream>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/terminal.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

std::vector<std::string> read_class_names(const fs::path& file) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::string text = support::read_file(file, kMaxBytes);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  std::istringstream lines(std::move(text));
  std::vector<std::string> names;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!support::is_utf8(line))
      throw InputError(file.string() + ": line " + std::to_string(number) + ": the class name \"" + line +
                       "\" is not UTF-8; write the file anew in UTF-8");
    if (line.empty()) continue;
    if (names.size() + 1 != number)
      throw InputError(file.string() + ": line " + std::to_string(names.size() + 1) +
                       " is empty; each line names a class, in label order");
    names.push_back(line);
  }
  if (names.empty())
    throw InputError(file.string() + ": holds no class name; write one a line, in label order");
  return names;
}

std::optional<std::vector<std::string>> class_names_in(const fs::path& folder) {
  for (const char* name : {"class_names.txt", "labels.txt"}) {
    if (support::exists(folder / name)) return read_class_names(folder / name);
  }
  return std::nullopt;
}

void refuse_names_beyond_utf8(const std::vector<std::string>& names, const std::string& origin) {
  for (const std::string& name : names)
    if (!support::is_utf8(name))
      throw InputError(origin + ": the class name \"" + name +
                       "\" is not UTF-8; rename its folder, or write the file of names anew in UTF-8");
}

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

const std::vector<std::string>& fashion_mnist_class_names() {
  static const std::vector<std::string> names{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                              "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  return names;
}

}  // namespace zoetrope::data
