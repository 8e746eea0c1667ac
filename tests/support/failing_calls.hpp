// SPDX-License-Identifier: Apache-2.0
// A disk that fails: calls of the C library that ask for one path end with an error. In one source of a test
// program, since what stands here comes before the C library's.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <string>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace zoetrope::support {

enum class Call { kOpen, kList, kLook };

// While it lives. One at a time.
class FailingCalls {
 public:
  // Of the calls of this kind for `path`, as it is given to them, the `first`-th and `count` - 1 after it
  // fail with the errno `error`.
  FailingCalls(Call call, std::string path, int error, int first = 1, int count = 1 << 20)
      : call_(call), path_(std::move(path)), error_(error), first_(first), end_(first + count) {
    active() = this;
  }
  ~FailingCalls() { active() = nullptr; }
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  int asked() const { return asked_; }

  static bool fails(Call call, const char* path) {
    FailingCalls* const self = active();
    if (self == nullptr || self->call_ != call || self->path_ != path) return false;
    const int number = ++self->asked_;
    if (number < self->first_ || number >= self->end_) return false;
    errno = self->error_;
    return true;
  }

 private:
  static std::atomic<FailingCalls*>& active() {
    static std::atomic<FailingCalls*> one{nullptr};
    return one;
  }

  const Call call_;
  const std::string path_;
  const int error_, first_, end_;
  std::atomic<int> asked_{0};
};

template <typename Function>
Function* of_the_system(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

inline int look_at(const char* name, const char* path, struct stat* status) {
  if (FailingCalls::fails(Call::kLook, path)) return -1;
  return of_the_system<int(const char*, struct stat*)>(name)(path, status);
}

}  // namespace zoetrope::support

// NOLINTBEGIN(misc-definitions-in-headers,bugprone-reserved-identifier)
extern "C" {

int open(const char* path, int flags, ...) {
  using namespace zoetrope::support;
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(list, int)) : 0;
  va_end(list);
  if (FailingCalls::fails(Call::kOpen, path)) return -1;
  return of_the_system<int(const char*, int, ...)>("open")(path, flags, mode);
}
int openat(int at, const char* path, int flags, ...) {
  using namespace zoetrope::support;
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(list, int)) : 0;
  va_end(list);
  if (FailingCalls::fails((flags & O_DIRECTORY) != 0 ? Call::kList : Call::kOpen, path)) return -1;
  return of_the_system<int(int, const char*, int, ...)>("openat")(at, path, flags, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  using namespace zoetrope::support;
  if (FailingCalls::fails(Call::kOpen, path)) return nullptr;
  return of_the_system<FILE*(const char*, const char*)>("fopen64")(path, mode);
}
DIR* opendir(const char* path) {
  using namespace zoetrope::support;
  if (FailingCalls::fails(Call::kList, path)) return nullptr;
  return of_the_system<DIR*(const char*)>("opendir")(path);
}
int stat(const char* path, struct stat* status) noexcept {
  return zoetrope::support::look_at("stat", path, status);
}
int lstat(const char* path, struct stat* status) noexcept {
  return zoetrope::support::look_at("lstat", path, status);
}
// As what is built with a glibc before 2.33 calls them: libtorch, whose std::filesystem comes first.
int __xstat(int /*version*/, const char* path, struct stat* status) noexcept {
  return zoetrope::support::look_at("stat", path, status);
}
int __lxstat(int /*version*/, const char* path, struct stat* status) noexcept {
  return zoetrope::support::look_at("lstat", path, status);
}

}  // extern "C"
// NOLINTEND(misc-definitions-in-headers,bugprone-reserved-identifier)
