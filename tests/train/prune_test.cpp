// SPDX-License-Identifier: Apache-2.0
// What is removed when there is a newer resume point, and what stays where nobody can say whether there is.
#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "checkpoint.hpp"
#include "support/failing_calls.hpp"
#include "support/scratch.hpp"

namespace zoetrope::train {
namespace {

namespace fs = std::filesystem;
using support::Call;
using support::FailingCalls;

class Prune : public ::testing::Test {
 protected:
  Prune() {
    fs::create_directories(run_.resume(579));
    fs::create_directories(run_.checkpoint(500));
    fs::create_directories(run_.checkpoint(1000));
    support::write_file(run_.optimizer(500), "of the resume point before");
    options_.keep_optimizer = 2;
  }
  void expect_all() const {
    EXPECT_TRUE(fs::exists(run_.resume(579)));
    EXPECT_TRUE(fs::exists(run_.optimizer(500)));
  }

  const store::RunDirectory run_{scratch::folder()};
  TrainOptions options_;
};

TEST_F(Prune, AFrameIsNoResumePoint) {
  prune_checkpoints(run_, 1000, options_);
  expect_all();
}

TEST_F(Prune, ANewerResumePointTakesThePlaceOfThatBetweenFrames) {
  support::write_file(run_.optimizer(1000), "of the newest");
  prune_checkpoints(run_, 1000, options_);
  EXPECT_FALSE(fs::exists(run_.resume(579)));
}

TEST_F(Prune, AFolderThatCannotBeListedIsNoReasonToRemoveAnother) {
  for (const int error : {EIO, EMFILE}) {
    const FailingCalls failing(Call::kList, run_.checkpoint(1000), error);
    EXPECT_THROW(prune_checkpoints(run_, 1000, options_), RunError) << error;
    expect_all();
  }
}

TEST_F(Prune, ADiskThatFailsOnceIsAskedAgain) {
  const FailingCalls failing(Call::kList, run_.checkpoint(1000), ESTALE, 1, 1);
  prune_checkpoints(run_, 1000, options_);
  expect_all();
}

}  // namespace
}  // namespace zoetrope::train
