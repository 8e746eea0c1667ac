// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/loss_log.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

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

}  // namespace
}  // namespace zoetrope::store
