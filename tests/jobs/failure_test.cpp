// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"

#include <new>
#include <stdexcept>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>

namespace zoetrope::jobs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(FailureOf, AGpuWithoutMemorySaysWhatHelpsThere) {
  const c10::OutOfMemoryError error(
      {__func__, __FILE__, __LINE__},
      "CUDA out of memory. Tried to allocate 14.05 GiB. GPU 0 has a total capacity of 15.77 GiB");
  const Failure failure = failure_of(error);

  EXPECT_EQ(failure.code, ExitCode::kFailed);
  EXPECT_THAT(failure.message,
              AllOf(StartsWith("the GPU does not have enough memory"), HasSubstr("--precision bf16"),
                    HasSubstr("--micro-batch"), HasSubstr("Tried to allocate 14.05 GiB"),
                    Not(HasSubstr("--image-cache")), Not(HasSubstr("ulimit"))));
  EXPECT_THAT(failure_of(std::runtime_error("CUDA error: out of memory\nCUDA kernel errors")).message,
              StartsWith("the GPU does not have enough memory"));
}

TEST(FailureOf, AHostWithoutMemorySaysWhatHelpsThere) {
  const auto says =
      AllOf(StartsWith("there is not enough memory"), HasSubstr("--image-cache"), Not(HasSubstr("GPU")));
  EXPECT_THAT(failure_of(std::bad_alloc()).message, says);
  EXPECT_THAT(failure_of(std::runtime_error("DefaultCPUAllocator: can't allocate memory: you tried")).message,
              says);
}

}  // namespace
}  // namespace zoetrope::jobs
