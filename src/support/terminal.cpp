// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/terminal.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {

namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: what is there is no UTF-8
};

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// The first character of `text`, which is not empty. Longer forms than needed, surrogates and what lies
// behind the last character are no UTF-8 (RFC 3629).
Character first_character(std::string_view text) {
  const std::uint32_t lead = byte_at(text, 0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80) return {};
    code = (code << 6U) | (byte_at(text, i) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, bytes};
}

// C0, DEL and C1; what separates lines; what turns the direction of writing (Unicode's Bidi_Control).
bool commands_a_terminal(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x206f);
}

std::string escaped(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
  }
}

// Why lines did not reach standard output, the first time; an errno, or 0.
std::atomic<int> output_error{0};

void keep_error(bool is_written) {
  int none = 0;
  if (!is_written) output_error.compare_exchange_strong(none, errno);
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = first_character(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const auto [code, bytes] = first_character(text);
    if (bytes == 0)
      line += fmt::format("\\x{:02x}", byte_at(text, 0));
    else if (commands_a_terminal(code))
      line += escaped(code);
    else
      line += text.substr(0, bytes);
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return line;
}

void print_line(std::string_view line) {
  const std::string shown = printable(line) + "\n";
  keep_error(std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size());
}

void flush_output() {
  keep_error(std::fflush(stdout) == 0);
}

void require_output() {
  flush_output();
  if (output_error == 0 || output_error == EPIPE) return;
  throw RunError("standard output cannot be written: " + std::string(std::strerror(output_error)));
}

void print_error_line(std::string_view message) {
  // One write, so that lines of several ranks do not mix.
  const std::string shown = "zoetrope: " + printable(message) + "\n";
  std::fwrite(shown.data(), 1, shown.size(), stderr);
  std::fflush(stderr);
}

void print_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    print_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace zoetrope::support
