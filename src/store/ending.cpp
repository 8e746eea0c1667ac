// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/ending.hpp"

#include <algorithm>

#include "zoetrope/support/files.hpp"

namespace zoetrope::store {

namespace {

// A value is the rest of its line, and may come from a file's name or the environment.
std::string one_line(std::string text, std::size_t most) {
  text.resize(std::min(text.size(), most));
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

void write_ending(const std::filesystem::path& path, const Ending& ending) {
  support::write_file(path, "code = " + std::to_string(ending.code) + "\njob = " + one_line(ending.job, 100) +
                                "\nmessage = " + one_line(ending.message, 500) + "\n");
}

}  // namespace zoetrope::store
