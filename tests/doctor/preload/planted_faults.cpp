// SPDX-License-Identifier: Apache-2.0
// Loaded into ranks by LD_PRELOAD: what DOCTOR_FAULT names goes wrong on rank DOCTOR_FAULT_RANK, or on
// all of them ("all").
//   no-locks      the file system has no locks
//   flush-hangs   fsync never comes back
//   mkdir-hangs   nor does mkdir of the folder for the ranks' marks
//   remove-hangs  nor does the removal of that folder
//   clock-ahead   its clock is five seconds ahead
//   wrong-sum     an all-reduce of many floats has a wrong value
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <mpi.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

bool has(const char* fault) {
  const char* planted = std::getenv("DOCTOR_FAULT");
  const char* where = std::getenv("DOCTOR_FAULT_RANK");
  const char* here = std::getenv("OMPI_COMM_WORLD_RANK");
  return planted != nullptr && where != nullptr && std::strcmp(planted, fault) == 0 &&
         (std::strcmp(where, "all") == 0 || std::strcmp(where, here == nullptr ? "0" : here) == 0);
}

int locked(const char* name, int fd, int command, void* argument) {
  if (command == F_OFD_SETLK && has("no-locks")) {
    errno = ENOLCK;
    return -1;
  }
  const auto real = reinterpret_cast<int (*)(int, int, ...)>(::dlsym(RTLD_NEXT, name));
  return real(fd, command, argument);
}

bool is_of_marks(const char* path) {
  return std::strstr(path, ".zoetrope-doctor-job-") != nullptr;
}

}  // namespace

extern "C" {

int mkdir(const char* path, mode_t mode) noexcept {
  while (is_of_marks(path) && has("mkdir-hangs")) ::pause();
  return static_cast<int>(::syscall(SYS_mkdir, path, mode));
}

int remove(const char* path) noexcept {
  while (is_of_marks(path) && has("remove-hangs")) ::pause();
  const auto real = reinterpret_cast<int (*)(const char*)>(::dlsym(RTLD_NEXT, "remove"));
  return real(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  while (is_of_marks(path) && has("remove-hangs")) ::pause();
  return static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
}

int fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return locked("fcntl", fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return locked("fcntl64", fd, command, argument);
}

int fsync(int fd) {
  while (has("flush-hangs")) ::pause();
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int code = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (code == 0 && clock == CLOCK_REALTIME && has("clock-ahead")) time->tv_sec += 5;
  return code;
}

int MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  const auto real = reinterpret_cast<decltype(&MPI_Allreduce)>(::dlsym(RTLD_NEXT, "MPI_Allreduce"));
  const int code = real(from, to, count, type, op, comm);
  int size = 0;
  if (count > 1000 && has("wrong-sum") && MPI_Type_size(type, &size) == MPI_SUCCESS && size == sizeof(float))
    static_cast<float*>(to)[count / 2] += 1;
  return code;
}

}  // extern "C"
