// SPDX-License-Identifier: Apache-2.0
// What log.csv and trainer_state.json know of one another.
#include "zoetrope/store/run_history.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::int64_t kLoggingSteps = 5;

std::vector<LossRecord> records(std::int64_t last) {
  std::vector<LossRecord> all;
  for (std::int64_t step = kLoggingSteps; step <= last; step += kLoggingSteps)
    all.push_back(
        {step, static_cast<double>(step) / 7, 1.0 / static_cast<double>(step), 5e-5 / 3, 0.1, 0.25, 123.5});
  return all;
}

bool are_equal(const std::vector<LossRecord>& a, const std::vector<LossRecord>& b) {
  const auto values = [](const LossRecord& one) {
    return std::tuple(one.step, one.epoch, one.loss, one.learning_rate, one.grad_norm, one.accuracy,
                      one.images_per_second);
  };
  return std::ranges::equal(a, b, {}, values, values);
}

class RunHistoryTest : public ScratchTest {
 protected:
  // A checkpoint whose trainer_state.json has these lines.
  void save(std::int64_t step, const std::vector<LossRecord>& log) const {
    fs::create_directories(run_.checkpoint(step));
    const TrainerState state{step, static_cast<double>(step) / 7, 20, 7, kLoggingSteps, 5, 32};
    support::write_file(run_.trainer_state(step), sealed_trainer_state(to_json(state, log), "m").dump(2));
  }
  void replace(const fs::path& path, const std::string& from, const std::string& to) const {
    std::string text = support::read_file(path);
    ASSERT_NE(text.find(from), std::string::npos) << from;
    std::ofstream(path, std::ios::binary) << text.replace(text.find(from), from.size(), to);
  }
  MendedLog mended() const { return mend_loss_log(run_.log_csv(), newest_log_history(run_)); }

  const RunDirectory run_{folder_};
};

TEST_F(RunHistoryTest, TheNewestWholeLogIsTaken) {
  save(10, records(10));
  save(15, {records(15).back()});  // a frame between two that can be gone on from
  EXPECT_EQ(newest_log_history(run_).last, 10);
  save(20, records(20));
  EXPECT_EQ(newest_log_history(run_).last, 20);
  EXPECT_TRUE(newest_log_history(run_).is_exact);
  replace(run_.trainer_state(20), "0.25", "0.24");
  EXPECT_EQ(newest_log_history(run_).last, 10);
}

TEST_F(RunHistoryTest, EachDamagedLineIsMended) {
  save(20, records(20));
  const LossLog log(run_.log_csv(), records(20));
  const std::string whole = support::read_file(run_.log_csv());
  EXPECT_EQ(mended().damage, "");

  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    std::ofstream(run_.log_csv(), std::ios::binary) << damaged;
    const MendedLog found = mended();
    EXPECT_THAT(found.damage, HasSubstr("log.csv: ")) << "bit " << bit;
    ASSERT_TRUE(are_equal(found.records, records(20))) << "bit " << bit;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(run_.log_csv(), std::ios::binary) << whole.substr(0, size);
    ASSERT_TRUE(are_equal(mended().records, records(20))) << size << " bytes";
  }
}

TEST_F(RunHistoryTest, LinesAfterTheHistoryStay) {
  save(10, records(10));
  LossLog log(run_.log_csv(), records(20));
  replace(run_.log_csv(), "\n10,", "\n12,");

  EXPECT_THAT(mended().damage, HasSubstr("line 3"));
  EXPECT_THAT(mended().records, SizeIs(4));
  EXPECT_THAT(read_run_log(run_), SizeIs(4));
}

TEST_F(RunHistoryTest, ALineThatNothingElseHasIsNamed) {
  save(10, records(10));
  LossLog log(run_.log_csv(), records(20));
  replace(run_.log_csv(), "\n20,", "\n2x,");

  EXPECT_EQ(mended().damage, "");
  EXPECT_THAT(message_of<InputError>([&] { read_run_log(run_); }),
              AllOf(HasSubstr("line 5"), HasSubstr("remove the line")));
}

TEST_F(RunHistoryTest, AMissingLogIsTheCheckpoints) {
  save(20, records(20));
  EXPECT_THAT(read_run_log(run_), SizeIs(4));
}

TEST_F(RunHistoryTest, ALogOfOthersIsPassedOver) {
  fs::create_directories(run_.checkpoint(10));
  std::ofstream(run_.trainer_state(10))
      << R"({"epoch": 1, "global_step": 10, "log_history": [{"step": 10, "epoch": 1, "loss": 2.2}]})";
  for (const char* log : {",loss,grad_norm,epoch,step,eval_loss\n0,2.25,1.0,0.5,5,\n",  // pandas' to_csv
                          "loss,epoch,step\n2.25,0.5,5\n,1.0,10\n", "time;loss\n1;2.5\n", "\xff\n"}) {
    std::ofstream(run_.log_csv(), std::ios::binary) << log;
    ASSERT_THAT(read_run_log(run_), SizeIs(1)) << log;
    EXPECT_EQ(read_run_log(run_)[0].loss, 2.2);
  }
  std::ofstream(run_.log_csv())
      << "step,epoch,loss,learning_rate,grad_norm,accuracy,images_per_second\n-1,0,0,0,0,0,0\n";
  EXPECT_THAT(message_of<InputError>([&] { read_run_log(run_); }),
              HasSubstr("log.csv: line 2"));  // ours, damaged
  std::ofstream(run_.log_csv()) << "time;loss\n1;2.5\n";
  support::write_file(run_.checkpoint(10) / "training.json", "{}");  // of ours
  EXPECT_THAT(message_of<InputError>([&] { read_run_log(run_); }), HasSubstr("log.csv: line 1"));
}

TEST_F(RunHistoryTest, AnyFlippedBitOfTheStateIsFoundOrWithoutEffect) {
  save(20, records(20));
  const fs::path path = run_.trainer_state(20);
  const std::string whole = support::read_file(path);
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 3) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    std::ofstream(path, std::ios::binary) << damaged;
    try {
      const StoredTrainerState state = read_trainer_state(path);
      EXPECT_TRUE(state.is_ours && state.step == 20 && state.log.back().loss == 0.05) << "bit " << bit;
    } catch (const InputError&) {
    }
  }
}

TEST_F(RunHistoryTest, AnEpochIsKnownFromOthers) {
  save(10, records(10));
  save(15, records(15));
  fs::remove(run_.trainer_state(15));
  EXPECT_EQ(epoch_of(run_, 15), 15.0 / 7);
  std::ofstream(run_.trainer_state(15)) << "{";
  EXPECT_EQ(epoch_of(run_, 15), 15.0 / 7);
  std::ofstream(run_.trainer_state(10)) << "{";
  EXPECT_THROW(epoch_of(run_, 15), InputError);
  const LossLog log(run_.log_csv(), records(15));
  EXPECT_EQ(epoch_of(run_, 15), 15.0 / 7);
}

// Of a line with a flipped bit; a training's lines agree to the last digit.
TEST_F(RunHistoryTest, StepsOfAnEpochAreWhatMostLinesSay) {
  std::vector<LossRecord> log = records(20);
  const auto said_with = [&](std::size_t line, double epoch) {
    std::vector<LossRecord> damaged = log;
    damaged[line].epoch = epoch;
    const LossLog written(run_.log_csv(), damaged);
    return steps_per_epoch(run_);
  };
  for (const double epoch : {1e-310, 5e-324, 1e12, 0.0, 0.25}) EXPECT_EQ(said_with(0, epoch), 7.0) << epoch;
  log = records(10);
  EXPECT_EQ(said_with(0, 1e-310), 7.0);
  EXPECT_EQ(said_with(0, 0.25), std::nullopt);  // one says this, one that
  log = records(5);
  EXPECT_EQ(said_with(0, 5.0 / 7), 7.0);
  EXPECT_EQ(said_with(0, 1e-310), std::nullopt);
}

TEST_F(RunHistoryTest, AnEpochOfNoStepIsPassedOver) {
  constexpr std::int64_t kStep = 9'000'000'000'000'000;
  fs::create_directories(run_.checkpoint(kStep));
  std::ofstream(run_.trainer_state(kStep)) << R"({"epoch": 1, "global_step": 9000000000000000})";
  std::ofstream(run_.log_csv()) << "0.5,1e-3,0.5\n0.25,1e-3,1e12\n";
  const auto log = read_run_log(run_);
  ASSERT_THAT(log, SizeIs(2));
  EXPECT_EQ(log[0].step, kStep / 2);
  EXPECT_EQ(log[1].step, 0);
}

// A folder with a model alone knows of no epochs.
TEST_F(RunHistoryTest, WithoutAnyStateTheEpochIsTheFirst) {
  fs::create_directories(run_.checkpoint(15));
  EXPECT_EQ(epoch_of(run_, 15), 0);
}

}  // namespace
}  // namespace zoetrope::store
