// SPDX-License-Identifier: Apache-2.0
#include "heir.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <initializer_list>

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zoetrope::compute {

namespace {

constexpr unsigned kMostSeconds = 600;  // for what is left: who waits for its locks does not do so for ever

bool is_pipe_or_socket(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

// Whoever is at the other end of this process's pipes and sockets waits until all who hold them are gone.
void let_go_of_streams(int kept) {
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  for (int fd = 3; fd < static_cast<int>(std::min<rlim_t>(most.rlim_cur, 65536)); ++fd)
    if (fd != kept && is_pipe_or_socket(fd)) ::close(fd);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, fd);
}

// How many bytes have come when the pipe ends, or when all have.
std::size_t count_bytes(int pipe, std::size_t all) {
  std::size_t count = 0;
  std::array<char, 64> bytes{};
  while (count < all) {
    const ssize_t got = ::read(pipe, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

[[noreturn]] void wait_and_work(int pipe, int ready, std::size_t count,
                                const std::function<void(std::size_t)>& work) {
  ::setsid();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) std::signal(signal, SIG_IGN);
  ::close(ready);
  let_go_of_streams(pipe);
  std::size_t next = count_bytes(pipe, count);
  if (next == count) ::_exit(0);
  ::alarm(kMostSeconds);
  try {
    at::set_num_threads(1);  // the others are not here
    for (; next < count; ++next) work(next);
    ::_exit(0);
  } catch (const std::exception&) {
    ::_exit(1);  // as if it had not been: what is on disk is whole
  }
}

}  // namespace

Heir::Heir(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::array<int, 2> ends{}, ready{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  if (::pipe2(ready.data(), O_CLOEXEC) != 0) ready = {-1, -1};
  child_ = ::fork();
  if (child_ == 0) {
    ::close(ends[1]);
    wait_and_work(ends[0], ready[1], count, work);
  }
  ::close(ends[0]);
  done_ = ends[1];
  // Until the child is in its own session, a signal to the group would end it, too.
  ::close(ready[1]);
  count_bytes(ready[0], 1);
  ::close(ready[0]);
}

Heir::~Heir() {
  if (done_ >= 0) ::close(done_);
  while (child_ > 0 && ::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Heir::note_done() noexcept {
  if (done_ < 0) return;
  while (::write(done_, "x", 1) < 0 && errno == EINTR) {
  }
}

}  // namespace zoetrope::compute
