// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/mend.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

#include "store/scratch.hpp"

namespace zoetrope::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLast = 20, kSaveSteps = 10, kLoggingSteps = 5, kStepsPerEpoch = 7;

// Checkpoints 0, 10 and 20 of a training, of which the last has all lines of the log.
class MendTest : public store::ScratchTest {
 protected:
  void SetUp() override {
    for (std::int64_t step = kLoggingSteps; step <= kLast; step += kLoggingSteps)
      log_.push_back({step, static_cast<double>(step) / kStepsPerEpoch, 0.5, 1e-3, 0.1, 0.25, 100});
    const store::LossLog log(run_.log_csv(), log_);
    for (const std::int64_t step : {0, 10, 20}) save(step, step == kLast);
  }

  void save(std::int64_t step, bool has_all) const {
    const fs::path folder = run_.checkpoint(step);
    fs::create_directory(folder);
    for (const char* name : store::kUnsealedFiles) support::write_file(folder / name, "{}");
    const support::Json options = {{"max-steps", kLast},
                                   {"logging-steps", kLoggingSteps},
                                   {"save-steps", kSaveSteps},
                                   {"batch-size", 32}};
    support::write_file(folder / store::kTrainingRecordFile,
                        store::training_record(options, folder, "m").dump(2));
    std::vector<store::LossRecord> lines(log_.begin(), log_.begin() + step / kLoggingSteps);
    if (!has_all && lines.size() > 1) lines.erase(lines.begin(), lines.end() - 1);
    const store::TrainerState state{step,
                                    static_cast<double>(step) / kStepsPerEpoch,
                                    kLast,
                                    kStepsPerEpoch,
                                    kLoggingSteps,
                                    kSaveSteps,
                                    /*batch_size=*/32};
    support::write_file(run_.trainer_state(step),
                        store::sealed_trainer_state(store::to_json(state, lines), "m").dump(2) + "\n");
  }
  std::string state(std::int64_t step) const { return support::read_file(run_.trainer_state(step)); }

  const store::RunDirectory run_{folder_};
  std::vector<store::LossRecord> log_;
};

// A training drops such a line.
TEST_F(MendTest, AStateIsMadeAgainBesideALineOfTheLogThatNothingCanRead) {
  const std::string first = state(0), between = state(10);
  std::ofstream(run_.log_csv(), std::ios::app) << "3,0.7\n";
  fs::remove(run_.trainer_state(0));
  fs::remove(run_.trainer_state(10));

  mend(run_, true);

  EXPECT_EQ(state(0), first);
  EXPECT_EQ(state(10), between);
}

TEST_F(MendTest, ALineThatIsLostIsLeftOut) {
  fs::remove(run_.trainer_state(20));
  std::string log = support::read_file(run_.log_csv());
  support::write_file(run_.log_csv(), log.replace(log.find("\n15,"), 3, "\n1x"));

  mend(run_, true);

  const auto mended = store::read_trainer_state(run_.trainer_state(20));
  ASSERT_EQ(mended.log.size(), 1U);  // of a frame, the last
  EXPECT_EQ(mended.log.front().step, 20);
}

TEST_F(MendTest, StepsOfAnEpochAreWhatMostLinesSay) {
  const std::string first = state(0), between = state(10);
  log_[0].epoch = 1e-310;
  const store::LossLog log(run_.log_csv(), log_);
  for (const std::int64_t step : {0, 10, 20}) fs::remove(run_.trainer_state(step));

  mend(run_, true);

  EXPECT_EQ(state(0), first);
  EXPECT_EQ(state(10), between);
}

// So it is read as damaged by whoever needs it.
TEST_F(MendTest, WhatNothingKnowsStaysAsItIs) {
  log_.assign(1, {5, 1e-310, 0.5, 1e-3, 0.1, 0.25, 100});
  const store::LossLog log(run_.log_csv(), log_);
  for (const std::int64_t step : {0, 10, 20}) fs::remove(run_.trainer_state(step));

  mend(run_, true);

  for (const std::int64_t step : {0, 10, 20}) EXPECT_FALSE(fs::exists(run_.trainer_state(step)));
}

}  // namespace
}  // namespace zoetrope::pipeline
