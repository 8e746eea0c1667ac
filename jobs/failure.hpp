// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

#include "zoetrope/support/error.hpp"

namespace zoetrope::jobs {

struct Failure {
  std::string message;  // one line
  ExitCode code;
};

// What to tell the user of an exception: zoetrope's own, the standard library's or libtorch's.
Failure failure_of(const std::exception& error);

}  // namespace zoetrope::jobs
