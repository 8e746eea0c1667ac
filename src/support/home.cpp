// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/home.hpp"

#include <algorithm>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace zoetrope::support {

namespace {

// "" where there is none.
std::string home_of(const std::string& user) {
  if (const char* home = std::getenv("HOME"); user.empty() && home != nullptr) return home;
  const passwd* entry = user.empty() ? getpwuid(getuid()) : getpwnam(user.c_str());
  return entry == nullptr ? "" : entry->pw_dir;
}

}  // namespace

std::string expand_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string home = home_of(path.substr(1, end - 1));
  return home.empty() ? path : home + path.substr(end);
}

}  // namespace zoetrope::support
