// SPDX-License-Identifier: Apache-2.0
// Options that name a place in the file system.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <boost/any.hpp>

namespace zoetrope::jobs {

// A path, or "kind:path" as --data takes it. "~" at the path's beginning is the home folder: shells do not
// expand it behind '=' and ':', and nobody does in an INI file.
struct Place {
  std::string text;
};
std::ostream& operator<<(std::ostream& out, const Place& place);
void validate(boost::any& value, const std::vector<std::string>& words, Place* target, int);

// The same place, whatever folder it is read in; Hub names, and what would no longer fit run.ini, as they
// are.
std::string from_any_folder(const std::string& place);

}  // namespace zoetrope::jobs
