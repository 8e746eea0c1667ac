// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_ini.hpp"

#include "zoetrope/support/files.hpp"

namespace zoetrope::store {

namespace {

bool can_be_kept(const std::string& value) {
  return value.find_first_of("#\n\r") == std::string::npos && !value.starts_with(' ') &&
         !value.ends_with(' ');
}

}  // namespace

std::string unkept_value(const NamedValues& values) {
  for (const auto& [name, value] : values)
    if (!can_be_kept(value))
      return "--" + name + " " + value + ": '#', line breaks and spaces at an end cannot be kept in run.ini";
  return {};
}

void write_run_ini(const std::filesystem::path& path, const NamedValues& values) {
  std::string text = "# The options of this run. Read them back with --config.\n";
  for (const auto& [name, value] : values)
    if (!value.empty() && can_be_kept(value)) text += name + " = " + value + "\n";
  if (!std::filesystem::exists(path) || support::read_file(path) != text) support::write_file(path, text);
}

}  // namespace zoetrope::store
