// SPDX-License-Identifier: Apache-2.0
// Has a test program's kernels run as on a lesser processor: as ZOETROPE_TEST_PROCESSOR says, AVX2, SSE4 or
// least, what any x86-64 has.
#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <hwy/highway.h>

namespace {

class Processor : public testing::Environment {
 public:
  void SetUp() override {
    const char* const name = std::getenv("ZOETROPE_TEST_PROCESSOR");
    if (name == nullptr) return;
    const std::map<std::string, std::int64_t> targets = {
        {"AVX2", HWY_AVX2}, {"SSE4", HWY_SSE4}, {"least", HWY_STATIC_TARGET}};
    ASSERT_TRUE(targets.contains(name)) << "ZOETROPE_TEST_PROCESSOR is " << name;
    ASSERT_TRUE(hwy::SupportedTargets() & targets.at(name)) << "this processor has no " << name;
    hwy::SetSupportedTargetsForTest(targets.at(name));
  }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// Added before main(), so that it is there whichever main() a program has.
[[maybe_unused]] const testing::Environment* const processor =
    testing::AddGlobalTestEnvironment(new Processor);

}  // namespace
