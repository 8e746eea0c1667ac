// SPDX-License-Identifier: Apache-2.0
#include "glob.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {
namespace {

// Code points; a byte that is no UTF-8 stands for itself, beyond all code points.
std::u32string code_points(std::string_view text) {
  constexpr char32_t kStrayByte = 0x110000;
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = first < 0x80    ? 1
                               : first >= 0xf0 ? 4
                               : first >= 0xe0 ? 3
                               : first >= 0xc0 ? 2
                                               : 0;
    char32_t value = length < 2 ? first : first & (0xffU >> (length + 1));
    std::size_t used = 1;
    while (used < length && i + used < text.size() &&
           (static_cast<std::uint8_t>(text[i + used]) & 0xc0) == 0x80)
      value = value << 6 | (static_cast<std::uint8_t>(text[i + used++]) & 0x3fU);
    const bool is_stray = used != length;
    out.push_back(is_stray ? kStrayByte + first : value);
    i += is_stray ? 1 : used;
  }
  return out;
}

// Stars stand for any number of units, and what follows the last one is tried further and further on: no
// pattern takes longer than its length times the text's.
template <typename IsStar, typename MatchesOne>
bool matches_with_stars(std::size_t pattern_size, std::size_t text_size, const IsStar& is_star,
                        const MatchesOne& matches_one) {
  std::size_t pattern = 0, text = 0, tried = 0;
  std::optional<std::size_t> star;
  while (text < text_size) {
    if (pattern < pattern_size && is_star(pattern)) {
      star = pattern++;
      tried = text;
    } else if (pattern < pattern_size && matches_one(pattern, text)) {
      ++pattern;
      ++text;
    } else if (star) {
      pattern = *star + 1;
      text = ++tried;
    } else {
      return false;
    }
  }
  while (pattern < pattern_size && is_star(pattern)) ++pattern;
  return pattern == pattern_size;
}

bool is_hidden(std::string_view part) {
  return part.starts_with('.') && part.find_first_not_of('.') != std::string_view::npos;
}

std::pair<std::size_t, std::size_t> count_unusual(const std::vector<std::string_view>& parts) {
  const auto hidden = std::ranges::count_if(parts, is_hidden);
  const auto special = std::count_if(parts.begin(), parts.end() - (parts.empty() ? 0 : 1),
                                     [](std::string_view part) { return part.starts_with("__"); });
  return {static_cast<std::size_t>(hidden), static_cast<std::size_t>(special)};
}

}  // namespace

std::vector<std::string_view> path_parts(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::string folder_prefix(std::string_view folder) {
  std::string prefix;
  for (const std::string_view part : path_parts(folder)) (prefix += part) += '/';
  return prefix;
}

Glob::Glob(std::string_view pattern) {
  const auto parts = path_parts(pattern);
  std::tie(hidden_parts_, special_folders_) = count_unusual(parts);
  for (const std::string_view part : parts) {
    if (part == "**") {
      parts_.push_back({true, {}});
    } else if (part.find("**") != std::string_view::npos) {
      throw InputError("the pattern " + std::string(pattern) +
                       ": ** stands for whole folders alone, as in **/*.png");
    } else {
      parts_.push_back(parse_part(part));
    }
  }
  if (!parts_.empty() && parts_.back().any_parts) parts_.push_back({false, {{.kind = Kind::kStar}}});
}

Glob::Part Glob::parse_part(std::string_view text) {
  const std::u32string pattern = code_points(text);
  Part part;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == U'*') {
      part.tokens.push_back({.kind = Kind::kStar});
      continue;
    }
    if (pattern[i] == U'?') {
      part.tokens.push_back({.kind = Kind::kAnyCharacter});
      continue;
    }
    std::size_t end = i + 1;  // of a set, which may begin with a bracket that is one of its own
    if (end < pattern.size() && pattern[end] == U'!') ++end;
    if (end < pattern.size() && pattern[end] == U']') ++end;
    end = pattern.find(U']', end);
    if (pattern[i] == U'[' && end != std::u32string::npos) {
      part.tokens.push_back(parse_set(pattern.substr(i + 1, end - i - 1)));
      i = end;
    } else {
      part.tokens.push_back({.kind = Kind::kCharacter, .character = pattern[i]});
    }
  }
  return part;
}

Glob::Token Glob::parse_set(const std::u32string& stuff) {
  Token token{.kind = Kind::kSet, .negated = stuff.starts_with(U'!')};
  for (std::size_t i = token.negated ? 1 : 0; i < stuff.size(); ++i) {
    const bool is_range = i + 2 < stuff.size() && stuff[i + 1] == U'-';
    token.ranges.emplace_back(stuff[i], stuff[is_range ? i + 2 : i]);
    if (is_range) i += 2;
  }
  return token;
}

bool Glob::matches_part(const Part& part, const std::u32string& text) {
  return matches_with_stars(
      part.tokens.size(), text.size(), [&](std::size_t i) { return part.tokens[i].kind == Kind::kStar; },
      [&](std::size_t i, std::size_t at) {
        const Token& token = part.tokens[i];
        const char32_t c = text[at];
        if (token.kind == Kind::kCharacter) return c == token.character;
        const bool is_in = std::ranges::any_of(
            token.ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
        return token.kind == Kind::kAnyCharacter || is_in != token.negated;
      });
}

bool Glob::matches(std::string_view path) const {
  const auto parts = path_parts(path);
  if (count_unusual(parts) != std::pair(hidden_parts_, special_folders_)) return false;
  std::vector<std::u32string> texts;
  for (const std::string_view part : parts) texts.push_back(code_points(part));
  return matches_with_stars(
      parts_.size(), texts.size(), [this](std::size_t i) { return parts_[i].any_parts; },
      [&](std::size_t i, std::size_t at) { return matches_part(parts_[i], texts[at]); });
}

}  // namespace zoetrope::data
