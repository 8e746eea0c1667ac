// SPDX-License-Identifier: Apache-2.0
// What can go wrong, as exceptions. A message is one line: the file, the place in it, what is wrong, what to
// do. main() prints it once and turns the kind into the program's exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace zoetrope {

enum class ExitCode : int {
  kDone = 0,
  kUsage = 2,        // an option is unknown, impossible or contradicts another
  kInput = 3,        // a file the user gave is missing, damaged or of another kind
  kFailed = 4,       // something failed while running: a device, a full disk, a peer
  kInterrupted = 75  // stopped by a signal after saving; the same command goes on (sysexits' EX_TEMPFAIL)
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ExitCode::kUsage, message) {}
};

class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(ExitCode::kInput, message) {}
};

class RunError : public Error {
 public:
  explicit RunError(const std::string& message) : Error(ExitCode::kFailed, message) {}
};

class Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& message) : Error(ExitCode::kInterrupted, message) {}
};

}  // namespace zoetrope
