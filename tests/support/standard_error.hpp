// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

#include <pty.h>
#include <unistd.h>

namespace zoetrope::support {

// Where standard error goes to instead: a pipe, or a terminal of 100 columns.
class StandardError {
 public:
  enum class Kind { kPipe, kTerminal };

  explicit StandardError(Kind kind) : kept_(::dup(STDERR_FILENO)) {
    const winsize size{50, 100, 0, 0};
    int ends[2] = {-1, -1};
    const bool made =
        kind == Kind::kPipe ? ::pipe(ends) == 0 : ::openpty(&ends[0], &ends[1], nullptr, nullptr, &size) == 0;
    if (!made) throw std::runtime_error("no pipe and no terminal can be made");
    read_from_ = ends[0];
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }
  ~StandardError() {
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    ::close(read_from_);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  // What was written since the last call.
  std::string text() {
    const std::string end = "<end>";
    std::fputs(end.c_str(), stderr);
    std::fflush(stderr);
    std::string text;
    while (!text.ends_with(end)) {
      char byte = 0;
      if (::read(read_from_, &byte, 1) != 1) throw std::runtime_error("standard error cannot be read");
      text += byte;
    }
    return text.substr(0, text.size() - end.size());
  }

 private:
  int kept_;
  int read_from_ = -1;
};

}  // namespace zoetrope::support
