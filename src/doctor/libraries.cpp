// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <link.h>

#include "zoetrope/doctor/facts.hpp"

namespace zoetrope::doctor {

namespace {

namespace fs = std::filesystem;

// "libgomp" of "libgomp-a34b3233.so.1.0.0": wheels of Python add a part of a digest.
std::string plain_name(const std::string& file) {
  std::string name = file.substr(0, file.find(".so"));
  const std::size_t dash = name.rfind('-');
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  constexpr std::size_t kDigestLength = 8;
  if (dash != std::string::npos && name.size() - dash - 1 >= kDigestLength &&
      std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, name.end(), is_hex))
    name.resize(dash);
  return name;
}

int note(dl_phdr_info* info, std::size_t /*size*/, void* into) {
  const std::string_view path(info->dlpi_name == nullptr ? "" : info->dlpi_name);
  if (path.empty() || path.starts_with("linux-vdso")) return 0;  // the program itself; the kernel's own
  std::error_code ignored;
  fs::path file = fs::canonical(path, ignored);
  if (file.empty()) file = path;
  const std::uintmax_t bytes = fs::file_size(file, ignored);
  static_cast<std::vector<LoadedLibrary>*>(into)->push_back(
      {plain_name(fs::path(path).filename()), file.string(), ignored ? 0 : static_cast<std::int64_t>(bytes)});
  return 0;
}

}  // namespace

std::vector<LoadedLibrary> loaded_libraries() {
  std::vector<LoadedLibrary> found;
  ::dl_iterate_phdr(note, &found);
  return found;
}

}  // namespace zoetrope::doctor
