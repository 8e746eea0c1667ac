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

#include "zoetrope/support/folder_lock.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::compute {

namespace {

constexpr unsigned kMostSeconds = 600;  // for what is left: who waits for its locks does not do so for ever
constexpr char kDone = 'x', kNotNeeded = '.';

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

// How many pieces are done when the pipe ends; all of them, where nothing is left to do.
std::size_t count_done(int pipe, std::size_t all) {
  std::size_t count = 0;
  std::array<char, 64> bytes{};
  while (count < all) {
    const ssize_t got = ::read(pipe, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const auto end = bytes.begin() + got;
    if (std::find(bytes.begin(), end, kNotNeeded) != end) return all;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

// What another job has taken over is its own to write.
[[noreturn]] void end_as_taken_over() {
  ::_exit(1);
}

// Whether all is done. What is on disk is whole, wherever it ends.
bool do_pieces(std::size_t next, std::size_t count, const std::function<void(std::size_t)>& work) {
  try {
    at::set_num_threads(1);  // the others are not here
    for (; next < count; ++next) {
      if (!support::FolderLock::are_inherited_held()) end_as_taken_over();
      work(next);
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

[[noreturn]] void wait_and_work(int pipe, int ready, std::size_t count,
                                const std::function<void(std::size_t)>& work) {
  ::setsid();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) std::signal(signal, SIG_IGN);
  // Their locks may be held by threads that are not here.
  support::silence_log();
  trace::stop_recording();
  ::close(ready);
  let_go_of_streams(pipe);
  const std::size_t next = count_done(pipe, count);
  if (next == count) ::_exit(0);
  ::alarm(kMostSeconds);
  if (!support::FolderLock::inherit(end_as_taken_over)) end_as_taken_over();
  const bool is_done = do_pieces(next, count, work);
  support::FolderLock::release_inherited();
  ::_exit(is_done ? 0 : 1);
}

}  // namespace

Heir::Heir(std::size_t count, const std::function<void(std::size_t)>& work) : num_left_(count) {
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
  count_done(ready[0], 1);
  ::close(ready[0]);
}

Heir::~Heir() {
  if (num_left_ > 0) say(kNotNeeded);
  if (done_ >= 0) ::close(done_);
  while (child_ > 0 && ::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Heir::note_done() noexcept {
  if (num_left_ == 0) return;  // those are pieces that came later
  --num_left_;
  say(kDone);
}

void Heir::say(char byte) noexcept {
  if (done_ < 0) return;
  while (::write(done_, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace zoetrope::compute
