// SPDX-License-Identifier: Apache-2.0
// Plays what hosts of a network's file system see of one another: a host that has found a name missing goes
// on seeing it so for 30 s, until it makes the name itself or opens the folder. Two ranks are a host. What
// they have found missing below the folder $NEGATIVE_DENTRIES_OF is marked in files below
// $NEGATIVE_DENTRIES_IN.
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr std::time_t kLifetime = 30;

int system_open(const std::string& path, int flags, mode_t mode = 0) {
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), flags, mode));
}

int system_stat(int folder, const char* path, struct stat* status, int flags) {
  return static_cast<int>(::syscall(SYS_newfstatat, folder, path, status, flags));
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

// Where this host's marks of a folder are; empty for folders that are no matter here.
std::string marks_of(std::string folder) {
  const char* of = std::getenv("NEGATIVE_DENTRIES_OF");
  const char* in = std::getenv("NEGATIVE_DENTRIES_IN");
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  if (of == nullptr || in == nullptr || rank == nullptr || !folder.starts_with(of)) return {};
  for (char& c : folder)
    if (c == '/') c = '+';
  return std::string(in) + "/host" + std::to_string(std::atoi(rank) / 2) + folder;
}

std::string mark_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || path.ends_with(".tmp") || path.find(".tmp/") != std::string::npos)
    return {};
  const std::string marks = marks_of(path.substr(0, slash));
  return marks.empty() ? marks : marks + path.substr(slash);
}

bool seems_missing(const char* path) {
  const std::string mark = mark_of(path);
  struct stat status {};
  if (mark.empty() || system_stat(AT_FDCWD, mark.c_str(), &status, 0) != 0) return false;
  if (std::time(nullptr) - status.st_mtime >= kLifetime) return false;
  errno = ENOENT;
  return true;
}

// After a call that returned `result`, which this passes on.
int found(const char* path, int result) {
  const int error = errno;
  const std::string mark = mark_of(path);
  if (result < 0 && error == ENOENT && !mark.empty()) {
    const std::string folder = mark.substr(0, mark.rfind('/'));
    ::syscall(SYS_mkdir, folder.substr(0, folder.rfind('/')).c_str(), 0777);
    ::syscall(SYS_mkdir, folder.c_str(), 0777);
    ::syscall(SYS_close, system_open(mark, O_CREAT | O_TRUNC | O_WRONLY, 0666));
  }
  errno = error;
  return result;
}

void forget(const char* path) {
  if (const std::string mark = mark_of(path); !mark.empty()) ::syscall(SYS_unlink, mark.c_str());
}

void forget_all_in(const char* folder) {
  const std::string marks = marks_of(folder);
  static const auto open_folder = next<DIR* (*)(const char*)>("opendir");
  DIR* entries = marks.empty() ? nullptr : open_folder(marks.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries))
    ::syscall(SYS_unlink, (marks + "/" + static_cast<const char*>(entry->d_name)).c_str());
  ::closedir(entries);
}

int look(int folder, const char* path, struct stat* status, int flags) {
  if (seems_missing(path)) return -1;
  return found(path, system_stat(folder, path, status, flags));
}

int open_file(int folder, const char* path, int flags, mode_t mode) {
  if ((flags & O_CREAT) != 0) {
    forget(path);
  } else if ((flags & O_DIRECTORY) != 0) {
    forget_all_in(path);
  } else if (seems_missing(path)) {
    return -1;
  }
  return found(path, static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode)));
}

mode_t mode_of(int flags, std::va_list list) {
  return (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
}

}  // namespace

extern "C" {

int stat(const char* path, struct stat* status) {
  return look(AT_FDCWD, path, status, 0);
}
int lstat(const char* path, struct stat* status) {
  return look(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
int fstatat(int folder, const char* path, struct stat* status, int flags) {
  return look(folder, path, status, flags);
}
int stat64(const char* path, struct stat64* status) {
  return look(AT_FDCWD, path, reinterpret_cast<struct stat*>(status), 0);
}
int lstat64(const char* path, struct stat64* status) {
  return look(AT_FDCWD, path, reinterpret_cast<struct stat*>(status), AT_SYMLINK_NOFOLLOW);
}
// As programs that were linked against an older C library call it.
int __xstat(int, const char* path, struct stat* status) {
  return look(AT_FDCWD, path, status, 0);
}
int __lxstat(int, const char* path, struct stat* status) {
  return look(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
int access(const char* path, int mode) {
  if (seems_missing(path)) return -1;
  return found(path, static_cast<int>(::syscall(SYS_access, path, mode)));
}
int open(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_file(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_file(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_file(folder, path, flags, mode);
}
DIR* opendir(const char* path) {
  forget_all_in(path);
  static const auto real = next<DIR* (*)(const char*)>("opendir");
  return real(path);
}
int rename(const char* from, const char* to) {
  forget(to);
  return static_cast<int>(::syscall(SYS_rename, from, to));
}
int mkdir(const char* path, mode_t mode) {
  forget(path);
  return static_cast<int>(::syscall(SYS_mkdir, path, mode));
}

}  // extern "C"
