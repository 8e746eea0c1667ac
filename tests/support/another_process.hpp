// SPDX-License-Identifier: Apache-2.0
// A second process, for tests of what keeps processes apart.
#pragma once

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace zoetrope::support {

// Runs `work` in a child of this process. It may call wait(), which returns once the test says go_on(). It
// ends with code 0, or with 1 where `work` throws.
class AnotherProcess {
 public:
  explicit AnotherProcess(const std::function<void(const std::function<void()>& wait)>& work) {
    if (::pipe(said_) != 0 || ::pipe(told_) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no second process");
    if (pid_ > 0) {
      ::close(said_[1]);
      ::close(told_[0]);
      return;
    }
    ::close(said_[0]);
    ::close(told_[1]);
    try {
      work([this] { wait(); });
      ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the second process: %s\n", error.what());
      ::_exit(1);
    }
  }
  ~AnotherProcess() {
    kill();
    ::close(said_[0]);
    ::close(told_[1]);
  }
  AnotherProcess(const AnotherProcess&) = delete;
  AnotherProcess& operator=(const AnotherProcess&) = delete;

  void wait_until_it_waits() {
    char byte = 0;
    if (::read(said_[0], &byte, 1) != 1)
      throw std::runtime_error("the second process ended before it waited");
  }
  void go_on() {
    if (::write(told_[1], "x", 1) != 1)
      throw std::runtime_error("the second process cannot be told to go on");
  }
  // Waits for its end; -1 where a signal ended it.
  int exit_code() {
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) throw std::runtime_error("the second process has ended before");
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  // In the second process. Where the test has failed and is gone, there is nothing to go on with.
  void wait() const {
    char byte = 0;
    if (::write(said_[1], "x", 1) != 1 || ::read(told_[0], &byte, 1) != 1) ::_exit(1);
  }

  int said_[2] = {-1, -1};
  int told_[2] = {-1, -1};
  pid_t pid_ = 0;
};

}  // namespace zoetrope::support
