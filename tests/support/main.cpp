// SPDX-License-Identifier: Apache-2.0
// main() of tests that run in one process.
#include <gmock/gmock.h>

#include "support/scratch.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new zoetrope::scratch::ForEachTest);
  return RUN_ALL_TESTS();
}
