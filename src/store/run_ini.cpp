// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_ini.hpp"

#include <algorithm>
#include <string_view>

#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "bits.hpp"

namespace zoetrope::store {

namespace {

constexpr std::string_view kSealedHeader =
    "# The options of this run. Read them back with --config. The last line is their digest; where zoetrope "
    "asks "
    "about an edit, delete this first line.\n";
// Of versions before.
constexpr std::string_view kEarlierHeader =
    "# The options of this run. Read them back with --config. The last line is their digest: where zoetrope "
    "asks about an edit, delete this one.\n";
constexpr std::string_view kSeal = "# xxh3-128:";

bool can_be_kept(const std::string& value) {
  return value.find_first_of("#\n\r") == std::string::npos && !value.starts_with(' ') &&
         !value.ends_with(' ');
}

std::string seal_of(std::string_view body) {
  return "# " + digest_of_text(body) + "\n";
}

std::string line_at(const std::string& text, std::size_t place) {
  const std::size_t before = place == 0 ? std::string::npos : text.rfind('\n', place - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, text.find('\n', place) - begin);
}

// Of a text that begins with another line than ours: a bit of ours may have flipped.
IniCheck check_header(const std::string& text, std::size_t seal_size) {
  for (const std::string_view header : {kSealedHeader, kEarlierHeader}) {
    if (text.size() < header.size() + seal_size) continue;
    std::string original = text;
    original.replace(0, header.size(), header);
    if (differing_bits(original, text) == 1)
      return {IniCheck::State::kFlipped, original, 1, line_at(text, 0), line_at(original, 0)};
  }
  return {};
}

// The body with one bit another, whose digest is the one that `seal` says.
IniCheck find_flip(const std::string& body, std::string_view seal) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 14;
  IniCheck check{IniCheck::State::kEdited, {}, 0, {}, {}};
  std::string tried = body;
  for (std::size_t i = 0; i < std::min(body.size(), kMostBytes); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      tried[i] = static_cast<char>(body[i] ^ (1 << bit));
      if (seal_of(tried) == seal) {
        const auto line = 1 + static_cast<std::size_t>(std::count(
                                  tried.begin(), tried.begin() + static_cast<std::ptrdiff_t>(i), '\n'));
        return {IniCheck::State::kFlipped, tried + std::string(seal), line, line_at(body, i),
                line_at(tried, i)};
      }
      tried[i] = body[i];
    }
  return check;
}

}  // namespace

std::string unkept_value(const NamedValues& values) {
  for (const auto& [name, value] : values)
    if (!can_be_kept(value))
      return "--" + name + " " + value + ": '#', line breaks and spaces at an end cannot be kept in run.ini";
  return {};
}

void write_run_ini(const std::filesystem::path& path, const NamedValues& values) {
  std::string text(kSealedHeader);
  for (const auto& [name, value] : values)
    if (!value.empty() && can_be_kept(value)) text += name + " = " + value + "\n";
  text += seal_of(text);
  if (!support::exists(path) || support::read_file(path) != text) support::write_file(path, text);
}

bool is_blank_ini(const std::string& text) {
  return text.find_first_not_of(std::string(" \t\r\n\0", 5)) == std::string::npos;
}

IniCheck check_run_ini(const std::string& text) {
  const std::size_t size = seal_of("").size();
  const bool is_earlier = text.starts_with(kEarlierHeader);
  if (!is_earlier && !text.starts_with(kSealedHeader)) return check_header(text, size);
  if (text.size() >= (is_earlier ? kEarlierHeader : kSealedHeader).size() + size) {
    const std::string body = text.substr(0, text.size() - size), seal = text.substr(text.size() - size);
    if (differing_bits(seal, seal_of(body)) <= 1) return {IniCheck::State::kWhole, {}, 0, {}, {}};
    if (seal.starts_with(kSeal) && seal.ends_with('\n')) return find_flip(body, seal);
  }
  const std::size_t seal =
      text.find("\n" + std::string(kSeal));  // with more after it, which somebody has added
  const bool is_longer = seal != std::string::npos && text.size() > seal + 1 + size;
  return {is_longer ? IniCheck::State::kEdited : IniCheck::State::kCut, {}, 0, {}, {}};
}

}  // namespace zoetrope::store
