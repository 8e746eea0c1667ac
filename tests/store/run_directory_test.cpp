// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_directory.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using ::testing::ElementsAre;

class RunDirectoryTest : public ScratchTest {};

TEST_F(RunDirectoryTest, ListsCheckpointsInNumericalOrder) {
  for (const char* name : {"checkpoint-100", "checkpoint-20", "checkpoint-0"}) {
    std::filesystem::create_directory(folder_ / name);
  }

  EXPECT_THAT(RunDirectory{folder_}.checkpoint_steps(), ElementsAre(0, 20, 100));
}

TEST_F(RunDirectoryTest, PassesOverOtherNames) {
  for (const char* name :
       {"checkpoint-", "checkpoint-7x", "checkpoint--7", "checkpoint-007", "checkpoint-7.tmp",
        "checkpoint-99999999999999999999", ".checkpoint-7.12.tmp", "old-checkpoint-7"}) {
    std::filesystem::create_directory(folder_ / name);
  }
  std::ofstream(folder_ / "checkpoint-8") << "a file";

  EXPECT_THAT(RunDirectory{folder_}.checkpoint_steps(), ElementsAre());
}

TEST_F(RunDirectoryTest, AMissingRunIsAnInputError) {
  EXPECT_THROW(RunDirectory{folder_ / "nowhere"}.checkpoint_steps(), InputError);
}

}  // namespace
}  // namespace zoetrope::store
