// SPDX-License-Identifier: Apache-2.0
// run.ini: the options of a run, a line "name = value" each.
#pragma once

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

}  // namespace zoetrope::store
