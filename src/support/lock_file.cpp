// SPDX-License-Identifier: Apache-2.0
#include "lock_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "zoetrope/support/json.hpp"
#include "zoetrope/support/system_error.hpp"

namespace zoetrope::support {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostBytes = 4096;

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  struct tm local {};
  ::localtime_r(&now, &local);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  return text.data();
}

}  // namespace

Grant ask_system(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return Grant::kGiven;
  return errno == EAGAIN || errno == EACCES ? Grant::kRefused : Grant::kNoLocks;
}

std::string own_entry() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  Json entry = {{"process", ProcessName::own().text()},
                {"host", host.data()},
                {"pid", ::getpid()},
                {"since", now_as_text()}};
  if (const char* job = std::getenv("SLURM_JOB_ID"); job != nullptr) entry["slurm_job"] = job;
  return entry.dump() + "\n";
}

std::optional<LockOwner> owner_in(std::string_view text) {
  try {
    const Json entry = parse_json(text, "");
    auto process = ProcessName::parse(entry.at("process").get<std::string>());
    if (!process) return std::nullopt;
    std::string description = "process " + std::to_string(entry.at("pid").get<std::int64_t>()) + " on " +
                              entry.at("host").get<std::string>();
    if (entry.contains("slurm_job")) description += ", Slurm job " + entry.at("slurm_job").get<std::string>();
    return LockOwner{std::move(*process), description + ", since " + entry.at("since").get<std::string>()};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

FileIdentity identity_of(const fs::path& path, int fd) {
  struct stat opened {};
  if (::fstat(fd, &opened) != 0) throw_system_error(path, "cannot be looked at", errno);
  return {opened.st_dev, opened.st_ino};
}

std::string content_of(const fs::path& path, int fd) {
  std::string text(kMostBytes, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  if (count < 0) throw_system_error(path, "cannot be read", errno);
  text.resize(static_cast<std::size_t>(count));
  return text;
}

bool is_in_place(const fs::path& path, const FileIdentity& file) {
  struct stat named {};
  if (::stat(path.c_str(), &named) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw_system_error(path, "cannot be looked at", errno);
  }
  return FileIdentity{named.st_dev, named.st_ino} == file;
}

std::string inherited_entry(std::string_view parents) {
  Json entry = parse_json(parents, "");
  entry["process"] = ProcessName::own().text();
  entry["pid"] = ::getpid();
  return entry.dump() + "\n";
}

// At first as long as what was there, with blank lines at its end, so that no moment shows parts of both.
bool write_entry(int fd, const std::string& entry) {
  struct stat before {};
  if (::fstat(fd, &before) != 0) return false;
  std::string whole = entry;
  if (before.st_size > static_cast<off_t>(entry.size()))
    whole.resize(static_cast<std::size_t>(std::min<off_t>(before.st_size, kMostBytes)), '\n');
  return ::pwrite(fd, whole.data(), whole.size(), 0) == static_cast<ssize_t>(whole.size()) &&
         ::ftruncate(fd, static_cast<off_t>(entry.size())) == 0;
}

}  // namespace zoetrope::support
