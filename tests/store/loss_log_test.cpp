// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/loss_log.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "loss_log_file.hpp"
#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LossLogTest : public ScratchTest {
 protected:
  std::filesystem::path path() const { return folder_ / "log.csv"; }
  void put(const std::string& content) const { std::ofstream(path(), std::ios::binary) << content; }
};

LossRecord record(std::int64_t step) {
  return {.step = step,
          .epoch = static_cast<double>(step) / 3.0,
          .loss = 0.1 + 1e-17,
          .learning_rate = 5e-5 / 7,
          .grad_norm = 1e300,
          .accuracy = 5e-324,
          .images_per_second = 1234.5};
}

TEST_F(LossLogTest, GivesBackTheSameDoubles) {
  LossLog log(path(), 0);
  log.append(record(20));
  log.append(record(40));

  const std::vector<LossRecord> read = read_loss_log(path());

  ASSERT_THAT(read, SizeIs(2));
  EXPECT_EQ(read[1].step, 40);
  EXPECT_EQ(read[1].epoch, 40.0 / 3.0);
  EXPECT_EQ(read[1].loss, 0.1 + 1e-17);
  EXPECT_EQ(read[1].learning_rate, 5e-5 / 7);
  EXPECT_EQ(read[1].grad_norm, 1e300);
  EXPECT_EQ(read[1].accuracy, 5e-324);
  EXPECT_EQ(read[1].images_per_second, 1234.5);
}

TEST_F(LossLogTest, RefusesStepsAndEpochsThatNoTrainingComesTo) {
  for (const char* place : {"-1,1", "9223372036854775807,1", "20,-0.5", "20,1e300", "20,inf", "20,nan"}) {
    put("step,epoch,loss\n" + std::string(place) + ",0.5\n");
    EXPECT_THAT(message_of<InputError>([&] { read_loss_log(path()); }),
                AllOf(HasSubstr("log.csv: line 2: step "), HasSubstr("remove the line")))
        << place;
  }
}

TEST_F(LossLogTest, KeepsNumbersThatAreNotFinite) {
  LossRecord diverged = record(20);
  diverged.loss = std::numeric_limits<double>::quiet_NaN();
  diverged.grad_norm = std::numeric_limits<double>::infinity();
  LossLog(path(), 0).append(diverged);

  const std::vector<LossRecord> read = read_loss_log(path());

  EXPECT_TRUE(std::isnan(read[0].loss));
  EXPECT_TRUE(std::isinf(read[0].grad_norm));
}

TEST_F(LossLogTest, StartsWithAHeader) {
  LossLog log(path(), 0);

  EXPECT_EQ(support::read_file(path()),
            "step,epoch,loss,learning_rate,grad_norm,accuracy,images_per_second\n");
  EXPECT_THAT(read_loss_log(path()), IsEmpty());
}

TEST_F(LossLogTest, ResumingDropsLaterLines) {
  LossLog first(path(), 0);
  for (const std::int64_t step : {20, 40, 60}) first.append(record(step));

  LossLog resumed(path(), 40);
  resumed.append(record(50));

  const std::vector<LossRecord> read = read_loss_log(path());
  ASSERT_THAT(read, SizeIs(3));
  EXPECT_EQ(read[1].step, 40);
  EXPECT_EQ(read[2].step, 50);
}

TEST_F(LossLogTest, ALineCutByACrashIsDropped) {
  LossLog first(path(), 0);
  first.append(record(20));
  put(support::read_file(path()) + "40,13.3,0.");

  EXPECT_THAT(read_loss_log(path()), SizeIs(1));
  LossLog(path(), 100).append(record(40));
  EXPECT_THAT(read_loss_log(path()), SizeIs(2));
}

TEST_F(LossLogTest, ReadsTheArticlesFile) {
  put("2.29,4.9e-05,0.01\r\n2.17,4.8e-05,0.02");  // no header, no end of the last line

  const std::vector<LossRecord> read = read_loss_log(path());

  ASSERT_THAT(read, SizeIs(2));
  EXPECT_EQ(read[1].loss, 2.17);
  EXPECT_EQ(read[1].learning_rate, 4.8e-05);
  EXPECT_EQ(read[1].epoch, 0.02);
  EXPECT_EQ(read[1].step, 0);
}

TEST_F(LossLogTest, ReadsOtherColumnsInAnotherOrder) {
  put("loss,note,step,epoch\n0.5,hello,20,1.5\n");

  const std::vector<LossRecord> read = read_loss_log(path());

  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read[0].step, 20);
  EXPECT_EQ(read[0].loss, 0.5);
  EXPECT_EQ(read[0].epoch, 1.5);
}

TEST_F(LossLogTest, AMissingOrEmptyFileHasNoRecords) {
  EXPECT_THAT(read_loss_log(path()), IsEmpty());
  put("");
  EXPECT_THAT(read_loss_log(path()), IsEmpty());
}

TEST_F(LossLogTest, NamesFileAndLineInErrors) {
  put("step,epoch,loss\n20,1,0.5\n40,2,oops\n");
  EXPECT_THAT(message_of<InputError>([&] { read_loss_log(path()); }),
              AllOf(HasSubstr("log.csv: line 3: loss is \"oops\""), HasSubstr("remove the line")));

  put("step,epoch,loss\n20,1\n");
  EXPECT_THAT(message_of<InputError>([&] { read_loss_log(path()); }),
              HasSubstr("line 2: has 2 fields, not 3"));

  put("a,b,c\n");
  EXPECT_THAT(message_of<InputError>([&] { read_loss_log(path()); }), HasSubstr("no column is named step"));
}

// The steps at which checkpoints are saved need not be logging steps.
TEST(LastLogged, IsOfTheLastStepUpToTheOneAskedFor) {
  const std::vector<LossRecord> log = {record(10), record(20), record(30)};

  EXPECT_EQ(last_logged(log, 0), nullptr);
  EXPECT_EQ(last_logged(log, 9), nullptr);
  EXPECT_EQ(last_logged(log, 10), &log[0]);
  EXPECT_EQ(last_logged(log, 29), &log[1]);
  EXPECT_EQ(last_logged(log, 1000), &log[2]);
  EXPECT_EQ(last_logged({}, 10), nullptr);
}

TEST(LastLogged, TakesNoOrderForGranted) {
  const std::vector<LossRecord> log = {record(30), record(10), record(20), record(10)};

  EXPECT_EQ(last_logged(log, 15), &log[3]);
  EXPECT_EQ(last_logged(log, 25), &log[2]);
}

TEST(LastLogged, IsUnknownWhereTheLogHasNoSteps) {
  EXPECT_EQ(last_logged({record(0), record(0)}, 20), nullptr);
}

class TrainerLogTest : public ScratchTest {
 protected:
  std::filesystem::path path() const { return folder_ / "trainer_state.json"; }
  std::vector<LossRecord> read(const std::string& history) const {
    support::write_file(path(), R"({"best_metric": NaN, "epoch": 0.5, "log_history": )" + history + "}");
    return read_trainer_log(path());
  }
};

TEST_F(TrainerLogTest, ReadsTheLossesAndPassesOverTheRest) {
  const auto log =
      read(R"([{"epoch": 0.25, "grad_norm": Infinity, "learning_rate": 5e-05, "loss": 2.25, "step": 10},
                            {"epoch": 0.25, "eval_auc": NaN, "eval_loss": -Infinity, "step": 10},
                            {"epoch": 0.5, "loss": NaN, "step": 20},
                            {"epoch": 0.5, "step": 20, "total_flos": 0.0, "train_loss": 2.2}])");

  ASSERT_THAT(log, SizeIs(2));
  EXPECT_EQ(log[0].step, 10);
  EXPECT_EQ(log[0].epoch, 0.25);
  EXPECT_EQ(log[0].loss, 2.25);
  EXPECT_EQ(log[0].learning_rate, 5e-5);
  EXPECT_TRUE(std::isinf(log[0].grad_norm));
  EXPECT_EQ(log[1].step, 20);
  EXPECT_TRUE(std::isnan(log[1].loss));
}

TEST_F(TrainerLogTest, AMissingFileOrLogHasNoRecords) {
  EXPECT_THAT(read_trainer_log(path()), IsEmpty());
  EXPECT_THAT(read("null"), IsEmpty());
  EXPECT_THAT(read("[]"), IsEmpty());
}

TEST_F(TrainerLogTest, WhatIsNoLogIsAnErrorThatNamesTheFile) {
  for (const char* history : {"1", "[{\"loss\": 1}]", "[{\"loss\": \"NaN\", \"step\": 1, \"epoch\": 1}]",
                              "[{\"loss\": 1, \"step\": NaN, \"epoch\": 1}]", "[nan]", "["}) {
    EXPECT_THAT(message_of<InputError>([&] { read(history); }), HasSubstr("trainer_state.json")) << history;
  }
}

}  // namespace
}  // namespace zoetrope::store
