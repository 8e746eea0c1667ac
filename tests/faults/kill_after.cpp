// SPDX-License-Identifier: Apache-2.0
// Loaded into a program by LD_PRELOAD: kills it after the n-th operation on a file of one folder, as a node
// that loses its power in between would end it. Counts what changes the folder: files made, written, flushed,
// renamed, removed.
//   ZOETROPE_TEST_FOLDER      the folder, absolute
//   ZOETROPE_TEST_KILL_AFTER  n; 0: never
//   ZOETROPE_TEST_OPERATIONS  a file outside the folder that gets a line for each operation
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string name_of(int fd) {
  char path[4096];
  const ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : "";
}

// `path` as seen from the folder `at`.
std::string whole(int at, const char* path) {
  if (*path == '/' || at == AT_FDCWD) return path;
  return name_of(at) + "/" + path;
}

void note(const char* operation, const std::string& path) {
  static const std::string folder = variable("ZOETROPE_TEST_FOLDER"),
                           log = variable("ZOETROPE_TEST_OPERATIONS");
  static const long kill_after = std::atol(variable("ZOETROPE_TEST_KILL_AFTER").c_str());
  static std::atomic<long> count{0};
  if (folder.empty() || !path.starts_with(folder)) return;
  const int error = errno;
  const long number = ++count;
  if (!log.empty()) {
    const int fd = next<int(const char*, int, ...)>("open")(log.c_str(),
                                                            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    const std::string line = std::string(operation) + " " + path.substr(folder.size()) + "\n";
    [[maybe_unused]] const ssize_t written =
        next<ssize_t(int, const void*, size_t)>("write")(fd, line.data(), line.size());
    ::close(fd);
  }
  if (number == kill_after) ::kill(::getpid(), SIGKILL);
  errno = error;
}

mode_t mode_of(int flags, va_list list) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(list, int)) : 0;
}

void note_open(int fd, int flags) {
  if (fd >= 0 && (flags & O_CREAT) != 0) note("create", name_of(fd));
}

}  // namespace

#define ZOETROPE_TEST_OPEN(name)                                                               \
  int name(const char* path, int flags, ...) {                                                 \
    va_list list;                                                                              \
    va_start(list, flags);                                                                     \
    const int fd = next<int(const char*, int, ...)>(#name)(path, flags, mode_of(flags, list)); \
    va_end(list);                                                                              \
    note_open(fd, flags);                                                                      \
    return fd;                                                                                 \
  }
#define ZOETROPE_TEST_FD(name, operation)         \
  int name(int fd) {                              \
    const int result = next<int(int)>(#name)(fd); \
    note(operation, name_of(fd));                 \
    return result;                                \
  }
#define ZOETROPE_TEST_PATH(name, operation)                 \
  int name(const char* path) noexcept {                     \
    const int result = next<int(const char*)>(#name)(path); \
    note(operation, path);                                  \
    return result;                                          \
  }

extern "C" {

ZOETROPE_TEST_OPEN(open)
ZOETROPE_TEST_OPEN(open64)
ZOETROPE_TEST_FD(fsync, "flush")
ZOETROPE_TEST_FD(fdatasync, "flush")
ZOETROPE_TEST_PATH(unlink, "remove")
ZOETROPE_TEST_PATH(remove, "remove")
ZOETROPE_TEST_PATH(rmdir, "remove")

FILE* fopen(const char* path, const char* mode) {
  FILE* file = next<FILE*(const char*, const char*)>("fopen")(path, mode);
  if (file != nullptr && *mode != 'r') note("create", path);
  return file;
}
FILE* fopen64(const char* path, const char* mode) {
  FILE* file = next<FILE*(const char*, const char*)>("fopen64")(path, mode);
  if (file != nullptr && *mode != 'r') note("create", path);
  return file;
}
ssize_t write(int fd, const void* bytes, size_t size) {
  const ssize_t result = next<ssize_t(int, const void*, size_t)>("write")(fd, bytes, size);
  note("write", name_of(fd));
  return result;
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const ssize_t result = next<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, bytes, size, offset);
  note("write", name_of(fd));
  return result;
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  const ssize_t result =
      next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(fd, bytes, size, offset);
  note("write", name_of(fd));
  return result;
}
int ftruncate(int fd, off_t size) noexcept {
  const int result = next<int(int, off_t)>("ftruncate")(fd, size);
  note("cut", name_of(fd));
  return result;
}
int mkdir(const char* path, mode_t mode) noexcept {
  const int result = next<int(const char*, mode_t)>("mkdir")(path, mode);
  note("create", path);
  return result;
}
int rename(const char* from, const char* to) noexcept {
  const int result = next<int(const char*, const char*)>("rename")(from, to);
  note("rename", to);
  return result;
}
int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  const int result =
      next<int(int, const char*, int, const char*, unsigned)>("renameat2")(from_at, from, to_at, to, flags);
  note("rename", whole(to_at, to));
  return result;
}
int unlinkat(int at, const char* path, int flags) noexcept {
  const std::string named = whole(at, path);
  const int result = next<int(int, const char*, int)>("unlinkat")(at, path, flags);
  note("remove", named);
  return result;
}

}  // extern "C"
