// SPDX-License-Identifier: Apache-2.0
// Patterns of paths, as `datasets` and fsspec understand them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zoetrope::data {

// * and ? and [a-z] and [!a-z] within the parts of a path, ** for any number of parts.
class Glob {
 public:
  // Throws InputError where ** is not a part of its own.
  explicit Glob(std::string_view pattern);

  // `path` is relative, with slashes. What is hidden (a dot before its name) or special (a folder with __
  // before its name) matches only a pattern that has as many parts of that kind.
  bool matches(std::string_view path) const;

 private:
  enum class Kind { kCharacter, kAnyCharacter, kSet, kStar };
  struct Token {
    Kind kind = Kind::kCharacter;
    char32_t character = 0;
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges = {};
  };
  struct Part {
    bool any_parts = false;  // **
    std::vector<Token> tokens;
  };

  static Part parse_part(std::string_view text);
  static Token parse_set(const std::u32string& stuff);
  static bool matches_part(const Part& part, const std::u32string& text);

  std::vector<Part> parts_;
  std::size_t hidden_parts_ = 0;
  std::size_t special_folders_ = 0;
};

// "c" of "a/b/c".
std::string_view file_name(std::string_view path);

// "a/b/", with which the paths of what lies below the folder a/b begin; "" of no folder.
std::string folder_prefix(std::string_view folder);

// "a/b/c" as a, b and c; without empty parts and those that are a dot alone.
std::vector<std::string_view> path_parts(std::string_view path);

}  // namespace zoetrope::data
