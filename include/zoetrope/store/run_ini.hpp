// SPDX-License-Identifier: Apache-2.0
// run.ini: the options of a run, a line "name = value" each, then a digest in a comment. People edit it, and
// write their own without.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace zoetrope::store {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// Why one of the values cannot be kept in such a file; empty where all can: '#' begins a comment, and spaces
// at an end are dropped.
std::string unkept_value(const NamedValues& values);

// Writes all that can be kept, and leaves the file alone where it holds just that.
void write_run_ini(const std::filesystem::path& path, const NamedValues& values);

// Whether nothing is in such a file's text, as a crash of the system may leave it: no byte, or blanks and
// NULs alone.
bool is_blank_ini(const std::string& text);

// What has become of such a file's text.
struct IniCheck {
  enum class State {
    kPlain,    // nobody has promised a digest in its first line
    kWhole,    // but perhaps for the digest itself
    kEdited,   // by a person: more than a bit is another
    kFlipped,  // a single bit is another, which a person's edit may be, too: of a digit, say
    kCut       // the digest is gone
  };
  State state = State::kPlain;
  std::string original;  // of a flipped one: the text as it was written
  std::size_t line = 0;  // where that was
  std::string line_now;  // as it is
  std::string line_before;
};
IniCheck check_run_ini(const std::string& text);

}  // namespace zoetrope::store
