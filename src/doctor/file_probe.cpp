// SPDX-License-Identifier: Apache-2.0
#include "file_probe.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/new_file.hpp"
#include "zoetrope/support/stopwatch.hpp"

namespace zoetrope::doctor {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const char* what) {
  throw RunError(std::string(what) + ": " + std::strerror(errno));
}

std::vector<char> some_bytes() {
  std::vector<char> bytes(static_cast<std::size_t>(FileProbe::kBytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 24U);
  return bytes;
}

constexpr const char* kNewFile = "a new file";  // in errors of files that nobody has named

void write_and_flush(const fs::path& path, const std::vector<char>& bytes, FileProbe& probe) {
  support::NewFile file(path, kNewFile);
  support::Stopwatch watch;
  file.write(std::as_bytes(std::span(bytes)));
  probe.write_s = watch.seconds();
  watch = {};
  if (::fsync(file.descriptor()) != 0) refuse("a file cannot be flushed to disk (fsync)");
  probe.flush_s = watch.seconds();
  file.close();
}

void rename_and_read(const fs::path& from, const fs::path& to, const std::vector<char>& bytes) {
  support::NewFile(to, kNewFile).close();  // a rename takes its place
  if (::rename(from.c_str(), to.c_str()) != 0) refuse("a file cannot be renamed");
  const int folder = ::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_flushed =
      folder >= 0 && (::fsync(folder) == 0 || errno == EINVAL);  // some cannot sync folders
  if (!is_flushed) refuse("a folder cannot be flushed to disk (fsync)");
  ::close(folder);
  const support::MappedFile mapped(to);
  std::vector<char> read(bytes.size());
  if (mapped.bytes().size() == bytes.size()) mapped.read(0, std::as_writable_bytes(std::span(read)));
  if (read != bytes) throw RunError("a file does not hold what was written");
}

std::string lock_error_of(const fs::path& path) {
  int first = -1, second = -1;
  const LockTry given = try_lock(path, first);
  const int error = errno;
  const LockTry again = given == LockTry::kGiven ? try_lock(path, second) : LockTry::kRefused;
  for (const int fd : {first, second})
    if (fd >= 0) ::close(fd);
  if (given != LockTry::kGiven) return std::strerror(error);
  return again == LockTry::kGiven ? "one that is held is given again" : "";
}

}  // namespace

std::string file_system_type(const fs::path& folder) {
  constexpr std::array<std::pair<std::uint32_t, const char*>, 17> kKnown = {{{0x6969, "nfs"},
                                                                             {0x0BD00BD0, "lustre"},
                                                                             {0x47504653, "gpfs"},
                                                                             {0x19830326, "beegfs"},
                                                                             {0x00C36400, "ceph"},
                                                                             {0x01021994, "tmpfs"},
                                                                             {0xEF53, "ext"},
                                                                             {0x58465342, "xfs"},
                                                                             {0x9123683E, "btrfs"},
                                                                             {0x794C7630, "overlay"},
                                                                             {0x65735546, "fuse"},
                                                                             {0xFF534D42, "cifs"},
                                                                             {0xFE534D42, "smb"},
                                                                             {0x01021997, "9p"},
                                                                             {0x2FC12FC1, "zfs"},
                                                                             {0x73757245, "coda"},
                                                                             {0x5346414F, "afs"}}};
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return "unknown";
  for (const auto& [magic, name] : kKnown)
    if (static_cast<std::uint32_t>(status.f_type) == magic) return name;
  return "unknown";
}

bool appears(const fs::path& path) {
  using namespace std::chrono_literals;
  constexpr int kTries = 50;
  try {
    for (int i = 0; i < kTries; ++i) {
      if (support::is_listed(path)) return true;
      std::this_thread::sleep_for(100ms);
    }
  } catch (const Error&) {
    // Where the folder cannot be listed, nothing is seen in it.
  }
  return false;
}

LockTry try_lock(const fs::path& path, int& descriptor) {
  descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return LockTry::kNone;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return LockTry::kGiven;
  return errno == EAGAIN || errno == EACCES ? LockTry::kRefused : LockTry::kNone;
}

FileProbe probe_files(const fs::path& folder, const std::string& name) {
  FileProbe probe;
  probe.type = file_system_type(folder);
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) == 0) {
    probe.free_bytes = static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
    if (space.f_files > 0) probe.free_files = static_cast<std::int64_t>(space.f_favail);
  }
  const std::vector<char> bytes = some_bytes();
  const fs::path final_path = folder / (name + ".done");
  try {
    write_and_flush(folder / name, bytes, probe);
    rename_and_read(folder / name, final_path, bytes);
    probe.lock_error = lock_error_of(final_path);
  } catch (const Error& error) {
    probe.error = error.what();
  }
  return probe;
}

}  // namespace zoetrope::doctor
