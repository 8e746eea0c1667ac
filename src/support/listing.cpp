// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/listing.hpp"

#include <algorithm>
#include <system_error>

#include "zoetrope/support/system_error.hpp"

#include "listing_now.hpp"

namespace zoetrope::support {

namespace fs = std::filesystem;

namespace {

bool is_nothing_there(const std::error_code& error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

fs::file_type kind_now(const fs::path& path, fs::file_status (*look)(const fs::path&, std::error_code&)) {
  std::error_code error;
  const fs::file_type kind = look(path, error).type();
  if (error && !is_nothing_there(error)) throw_system_error(path, "cannot be looked at", error.value());
  return kind;
}

fs::file_type kind_of(const fs::path& path) {
  return try_again([&] { return kind_now(path, fs::status); });
}

std::vector<std::string> names_now(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error && !is_nothing_there(error)) throw_system_error(folder, "cannot be listed", error.value());
  std::ranges::sort(names);
  return names;
}

}  // namespace

bool is_listed_now(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (entry->path().filename() == path.filename()) return true;
  if (error == std::errc::permission_denied)
    return kind_now(path, fs::symlink_status) != fs::file_type::not_found;
  if (error && !is_nothing_there(error)) throw_system_error(folder, "cannot be listed", error.value());
  return false;
}

bool is_listed(const fs::path& path) {
  return try_again([&] { return is_listed_now(path); });
}

std::vector<std::string> names_in(const fs::path& folder) {
  return try_again([&] { return names_now(folder); });
}

bool exists(const fs::path& path) {
  return kind_of(path) != fs::file_type::not_found;
}

bool is_directory(const fs::path& path) {
  return kind_of(path) == fs::file_type::directory;
}

bool is_regular_file(const fs::path& path) {
  return kind_of(path) == fs::file_type::regular;
}

std::uintmax_t file_size(const fs::path& path) {
  return try_again([&] {
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(path, error);
    if (error == std::errc::not_supported) throw InputError(path.string() + ": is not a regular file");
    if (error) throw_system_error(path, "cannot be looked at", error.value());
    return bytes;
  });
}

}  // namespace zoetrope::support
