// SPDX-License-Identifier: Apache-2.0
#include "option_messages.hpp"

namespace zoetrope::jobs {

namespace {

// Whether a text holds a word between percent signs: a placeholder of Boost's messages, %value% for one, or
// what looks like it.
bool holds_placeholder(const std::string& text) {
  for (std::size_t begin = text.find('%'); begin != std::string::npos;) {
    const std::size_t end = text.find('%', begin + 1);
    if (end == std::string::npos) return false;
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", begin + 1) == end && end > begin + 1)
      return true;
    begin = end;
  }
  return false;
}

}  // namespace

std::string message_of(const boost::program_options::error& error, const std::string& given) {
  return holds_placeholder(given)
             ? "an option or its value cannot be read (beside it there is a word between "
               "percent signs; leave that out to see which)"
             : error.what();
}

}  // namespace zoetrope::jobs
