// SPDX-License-Identifier: Apache-2.0
// What the operating system refuses, as errors of the right kind: a path that is wrong is the user's to mend;
// all else may be otherwise the next time the job runs.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {

// A disk or a file server that answered with an error, which may pass: EIO and ESTALE.
class PassingError : public RunError {
 public:
  using RunError::RunError;
};

// Throws "PATH: WHAT: the system's reason". InputError where `error`, an errno, says that there is nothing of
// the kind under this path; PassingError or RunError where the system cannot give it now (permission, too
// many open files, memory, a disk).
[[noreturn]] void throw_system_error(const std::filesystem::path& path, const std::string& what, int error);

// Sleeps for a moment, after a warning of what has failed.
void pause_after(const PassingError& error);

// `attempt()`; up to two times again, after a pause, where it ends with a PassingError.
template <std::invocable Attempt>
auto try_again(Attempt attempt) {
  constexpr int kMoreAttempts = 2;
  for (int i = 0; i < kMoreAttempts; ++i) {
    try {
      return attempt();
    } catch (const PassingError& error) {
      pause_after(error);
    }
  }
  return attempt();
}

}  // namespace zoetrope::support
