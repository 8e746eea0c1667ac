// SPDX-License-Identifier: Apache-2.0
// The lines that people read, in a terminal or a log. Names come from folders, files and options, which may
// hold anything: a name with an escape sequence must not command the terminal, one with a newline not forge a
// line. All lines of the program are written here or by log.hpp, which make them safe; nothing before needs
// to.
#pragma once

#include <string>
#include <string_view>

namespace zoetrope::support {

// RFC 3629's: no longer forms than needed, no surrogates.
bool is_utf8(std::string_view text);

// `text` as it can be shown: valid UTF-8 stays as it is, but control characters and those that turn the
// direction of writing become their escapes in C (`\n`, `\x1b`, `\u202e`), and so do bytes that are no UTF-8.
std::string printable(std::string_view text);

void print_line(std::string_view line);           // to standard output
void print_error_line(std::string_view message);  // to standard error, at once, behind "zoetrope: "
// Several lines, of the program's own words alone, to standard output.
void print_text(std::string_view text);

// So that lines are seen before it goes on.
void flush_output();
// For what only prints, at its end: throws RunError where lines have not reached standard output. That nobody
// reads on, of a pipe, is none.
void require_output();

}  // namespace zoetrope::support
