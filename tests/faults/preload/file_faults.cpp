// SPDX-License-Identifier: Apache-2.0
// Loaded into a program by LD_PRELOAD: ends it after the n-th operation on the files of one folder, as a node
// that loses its power would, or lets the operations from the n-th on fail, as a full disk does. Counted is
// what changes the folder: files made, written, flushed, renamed, removed; or, instead, what asks it: files
// looked for, opened and read, folders listed.
//   ZOETROPE_TEST_FOLDER      the folder, absolute
//   ZOETROPE_TEST_OPERATIONS  a file outside the folder that gets a line for each operation
//   ZOETROPE_TEST_READS       1: what reads is counted, and nothing else
//   ZOETROPE_TEST_KILL_AFTER  n; 0: never
//   ZOETROPE_TEST_FAIL_FROM   n; 0: never
//   ZOETROPE_TEST_FAIL_UNTIL  the first that does not fail any more; 0: all do
//   ZOETROPE_TEST_FAIL_WITH   the errno of those that fail
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <dirent.h>
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

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}
long number_in(const char* name) {
  return std::atol(variable(name));
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

enum class Kind { kChange, kRead };

class Operation {
 public:
  // Of other files it needs no memory: the start of a sanitizer makes folders, and has none to give yet.
  Operation(const char* name, std::string_view path, Kind kind = Kind::kChange) {
    static const Kind counted = number_in("ZOETROPE_TEST_READS") == 1 ? Kind::kRead : Kind::kChange;
    if (kind != counted) return;
    static const std::string_view folder = variable("ZOETROPE_TEST_FOLDER");
    static std::atomic<long> count{0};
    if (folder.empty() || !path.starts_with(folder)) return;
    number_ = ++count;
    line_ = std::string(name) + " " + std::string(path.substr(folder.size())) + "\n";
  }
  ~Operation() {
    static const char* log = variable("ZOETROPE_TEST_OPERATIONS");
    static const long kill_after = number_in("ZOETROPE_TEST_KILL_AFTER");
    if (number_ == 0) return;
    const int error = errno;
    if (*log != '\0') {
      const int fd =
          next<int(const char*, int, ...)>("open")(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
      [[maybe_unused]] const auto written =
          next<ssize_t(int, const void*, size_t)>("write")(fd, line_.data(), line_.size());
      ::close(fd);
    }
    if (number_ == kill_after) ::kill(::getpid(), SIGKILL);
    errno = error;
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  bool fails() const {
    static const long fail_from = number_in("ZOETROPE_TEST_FAIL_FROM");
    static const long fail_until = number_in("ZOETROPE_TEST_FAIL_UNTIL");
    static const auto error = static_cast<int>(number_in("ZOETROPE_TEST_FAIL_WITH"));
    if (number_ == 0 || fail_from == 0 || number_ < fail_from) return false;
    if (fail_until != 0 && number_ >= fail_until) return false;
    errno = error;
    return true;
  }

 private:
  long number_ = 0;  // from 1 on; 0: it is not counted
  std::string line_;
};

int open_as(const char* name, const char* path, int flags, mode_t mode) {
  const auto real = next<int(const char*, int, ...)>(name);
  const bool makes = (flags & O_CREAT) != 0;
  const Operation operation(makes ? "create" : "open", path, makes ? Kind::kChange : Kind::kRead);
  return operation.fails() ? -1 : real(path, flags, mode);
}

FILE* fopen_as(const char* name, const char* path, const char* mode) {
  const auto real = next<FILE*(const char*, const char*)>(name);
  const bool reads = *mode == 'r';
  const Operation operation(reads ? "open" : "create", path, reads ? Kind::kRead : Kind::kChange);
  return operation.fails() ? nullptr : real(path, mode);
}

// What the call gives where the operation does not fail.
template <typename Call>
auto attempt(const char* name, std::string_view path, Call call, Kind kind = Kind::kChange)
    -> decltype(call()) {
  const Operation operation(name, path, kind);
  return operation.fails() ? -1 : call();
}

template <typename Call>
auto ask(const char* name, std::string_view path, Call call) -> decltype(call()) {
  return attempt(name, path, call, Kind::kRead);
}

int look(const char* path, struct stat* status) {
  return ask("look", path, [&] { return next<int(const char*, struct stat*)>("stat")(path, status); });
}
int look_at_link(const char* path, struct stat* status) {
  return ask("look", path, [&] { return next<int(const char*, struct stat*)>("lstat")(path, status); });
}
int look_at_open(int fd, struct stat* status) {
  return ask("look", name_of(fd), [&] { return next<int(int, struct stat*)>("fstat")(fd, status); });
}
int look_from(int at, const char* path, struct stat* status, int flags) {
  return ask("look", whole(at, path), [&] {
    return next<int(int, const char*, struct stat*, int)>("fstatat")(at, path, status, flags);
  });
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(list, int)) : 0;
  va_end(list);
  return open_as("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(list, int)) : 0;
  va_end(list);
  return open_as("open64", path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) {
  return fopen_as("fopen", path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return fopen_as("fopen64", path, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  return attempt("write", name_of(fd),
                 [&] { return next<ssize_t(int, const void*, size_t)>("write")(fd, bytes, size); });
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  return attempt("write", name_of(fd), [&] {
    return next<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, bytes, size, at);
  });
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  return attempt("write", name_of(fd), [&] {
    return next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(fd, bytes, size, at);
  });
}
int ftruncate(int fd, off_t size) noexcept {
  return attempt("cut", name_of(fd), [&] { return next<int(int, off_t)>("ftruncate")(fd, size); });
}
int fsync(int fd) {
  return attempt("flush", name_of(fd), [&] { return next<int(int)>("fsync")(fd); });
}
int fdatasync(int fd) {
  return attempt("flush", name_of(fd), [&] { return next<int(int)>("fdatasync")(fd); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return attempt("create", path, [&] { return next<int(const char*, mode_t)>("mkdir")(path, mode); });
}
int rename(const char* from, const char* to) noexcept {
  return attempt("rename", to, [&] { return next<int(const char*, const char*)>("rename")(from, to); });
}
int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  return attempt("rename", whole(to_at, to), [&] {
    return next<int(int, const char*, int, const char*, unsigned)>("renameat2")(from_at, from, to_at, to,
                                                                                flags);
  });
}
int unlink(const char* path) noexcept {
  return attempt("remove", path, [&] { return next<int(const char*)>("unlink")(path); });
}
int remove(const char* path) noexcept {
  return attempt("remove", path, [&] { return next<int(const char*)>("remove")(path); });
}
int rmdir(const char* path) noexcept {
  return attempt("remove", path, [&] { return next<int(const char*)>("rmdir")(path); });
}
int unlinkat(int at, const char* path, int flags) noexcept {
  return attempt("remove", whole(at, path),
                 [&] { return next<int(int, const char*, int)>("unlinkat")(at, path, flags); });
}

ssize_t read(int fd, void* bytes, size_t size) {
  return ask("read", name_of(fd), [&] { return next<ssize_t(int, void*, size_t)>("read")(fd, bytes, size); });
}
ssize_t pread(int fd, void* bytes, size_t size, off_t at) {
  return ask("read", name_of(fd),
             [&] { return next<ssize_t(int, void*, size_t, off_t)>("pread")(fd, bytes, size, at); });
}
ssize_t pread64(int fd, void* bytes, size_t size, off64_t at) {
  return ask("read", name_of(fd),
             [&] { return next<ssize_t(int, void*, size_t, off64_t)>("pread64")(fd, bytes, size, at); });
}
int stat(const char* path, struct stat* status) noexcept {
  return look(path, status);
}
int stat64(const char* path, struct stat64* status) noexcept {
  return ask("look", path, [&] { return next<int(const char*, struct stat64*)>("stat64")(path, status); });
}
int lstat(const char* path, struct stat* status) noexcept {
  return look_at_link(path, status);
}
int lstat64(const char* path, struct stat64* status) noexcept {
  return ask("look", path, [&] { return next<int(const char*, struct stat64*)>("lstat64")(path, status); });
}
int fstat(int fd, struct stat* status) noexcept {
  return look_at_open(fd, status);
}
int fstat64(int fd, struct stat64* status) noexcept {
  return ask("look", name_of(fd), [&] { return next<int(int, struct stat64*)>("fstat64")(fd, status); });
}
int fstatat(int at, const char* path, struct stat* status, int flags) noexcept {
  return look_from(at, path, status, flags);
}
int statx(int at, const char* path, int flags, unsigned mask, struct statx* status) noexcept {
  return ask("look", whole(at, path), [&] {
    return next<int(int, const char*, int, unsigned, struct statx*)>("statx")(at, path, flags, mask, status);
  });
}
// What is built with a glibc before 2.33 calls: libtorch, whose std::filesystem is the program's, too.
// NOLINTBEGIN(bugprone-reserved-identifier)
int __xstat(int /*version*/, const char* path, struct stat* status) noexcept {
  return look(path, status);
}
int __lxstat(int /*version*/, const char* path, struct stat* status) noexcept {
  return look_at_link(path, status);
}
int __fxstat(int /*version*/, int fd, struct stat* status) noexcept {
  return look_at_open(fd, status);
}
int __fxstatat(int /*version*/, int at, const char* path, struct stat* status, int flags) noexcept {
  return look_from(at, path, status, flags);
}
// NOLINTEND(bugprone-reserved-identifier)
int openat(int at, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(list, int)) : 0;
  va_end(list);
  const bool makes = (flags & O_CREAT) != 0;
  return attempt(
      makes ? "create" : "open", whole(at, path),
      [&] { return next<int(int, const char*, int, ...)>("openat")(at, path, flags, mode); },
      makes ? Kind::kChange : Kind::kRead);
}
DIR* opendir(const char* path) {
  const Operation operation("list", path, Kind::kRead);
  return operation.fails() ? nullptr : next<DIR*(const char*)>("opendir")(path);
}
DIR* fdopendir(int fd) {
  const Operation operation("list", name_of(fd), Kind::kRead);
  return operation.fails() ? nullptr : next<DIR*(int)>("fdopendir")(fd);
}
dirent* readdir(DIR* folder) {
  const Operation operation("list", name_of(::dirfd(folder)), Kind::kRead);
  return operation.fails() ? nullptr : next<dirent*(DIR*)>("readdir")(folder);
}

}  // extern "C"
