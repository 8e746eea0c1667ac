// SPDX-License-Identifier: Apache-2.0
// From which file the options are that a message complains of.
#include <algorithm>
#include <array>
#include <cctype>

#include "options.hpp"

namespace zoetrope::jobs {

namespace {

// Where a message goes over from what is wrong to what can be done.
std::size_t end_of_complaint(const std::string& message) {
  constexpr std::array kTurns = {"; ",       " (--",   ": give ", ": use ",
                                 ": leave ", ": add ", ": try ",  ": name "};
  std::size_t end = message.size();
  for (const char* turn : kTurns) end = std::min(end, message.find(turn));
  return end;
}

bool ends_word(const std::string& message, std::size_t place) {
  return place == message.size() ||
         (message[place] != '-' && std::isalnum(static_cast<unsigned char>(message[place])) == 0);
}

// Whether something is wrong with the file's value, and not only with what an option of this name would do.
bool is_complained_about(const std::string& message, const Origin& origin) {
  if (origin.value == "false") return false;
  const std::string option = "--" + origin.name, with_value = option + " " + origin.value;
  const std::size_t end = end_of_complaint(message);
  for (auto at = message.find(option); at != std::string::npos; at = message.find(option, at + 1)) {
    if (at < end && ends_word(message, at + option.size())) return true;
    if (message.compare(at, with_value.size(), with_value) == 0 && ends_word(message, at + with_value.size()))
      return true;
  }
  return false;
}

}  // namespace

std::string with_origins(const std::string& message, const Options& options) {
  std::string origins;
  for (const Origin& origin : options.origins)
    if (is_complained_about(message, origin))
      origins += (origins.empty() ? " (" : "; ") + ("--" + origin.name) + " is from " + origin.file;
  return origins.empty() ? message : message + origins + ")";
}

}  // namespace zoetrope::jobs
