// SPDX-License-Identifier: Apache-2.0
#include "cubin_cache.hpp"

#include <cstdlib>
#include <span>

#include <sys/stat.h>
#include <unistd.h>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::model {

namespace {

constexpr std::size_t kLargestCubin = std::size_t{64} << 20;

std::string sha256_of(const std::string& text) {
  return support::sha256_hex(std::as_bytes(std::span(text)));
}

// The file begins with it: what it is, of which key, and which bytes follow.
std::string head_of(const std::string& key, const std::string& cubin) {
  return "zoetrope cubin\n" + sha256_of(key) + "\n" + sha256_of(cubin) + "\n";
}

bool is_ours_alone(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

std::filesystem::path cache_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::filesystem::path(cache) / "zoetrope";
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::filesystem::path(home) / ".cache" / "zoetrope";
}

std::filesystem::path CubinCache::file_of(const std::string& key) const {
  return folder_ / (sha256_of(key).substr(0, 32) + ".cubin");
}

std::optional<std::string> CubinCache::find(const std::string& key) const {
  if (folder_.empty() || !is_ours_alone(file_of(key))) return std::nullopt;
  try {
    const std::string text = support::read_file(file_of(key), kLargestCubin);
    const std::size_t size = head_of(key, {}).size();
    if (text.size() <= size) return std::nullopt;
    std::string cubin = text.substr(size);
    if (text.compare(0, size, head_of(key, cubin)) != 0) return std::nullopt;
    return cubin;
  } catch (const Error&) {  // it cannot be read
    return std::nullopt;
  }
}

std::string CubinCache::keep(const std::string& key, const std::string& cubin) const {
  if (folder_.empty()) return "neither XDG_CACHE_HOME nor HOME is set";
  try {
    std::filesystem::create_directories(folder_);
    support::write_file(file_of(key), head_of(key, cubin) + cubin);
    std::filesystem::permissions(file_of(key),
                                 std::filesystem::perms::group_write | std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::remove);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace zoetrope::model
