// SPDX-License-Identifier: Apache-2.0
// A run goes on with the model that it began with, wherever that lies now, and with no other.
#include <gmock/gmock.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "train_on.hpp"

namespace zoetrope::train {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class StartModel : public ::testing::Test {
 protected:
  StartModel() { train(); }
  void train(const Beginning& beginning = {}, int ranks = 1) {
    train_on(ranks, run_.root, images_, options_, {}, comm::RankMemory::kApart, beginning);
  }
  void expect_refused(const Beginning& beginning, int ranks = 1) {
    EXPECT_THAT(
        [&] { train(beginning, ranks); },
        ThrowsMessage<UsageError>(AllOf(HasSubstr((run_.root / "checkpoint-0").string() + " is another "),
                                        HasSubstr("--model"), HasSubstr("another --run"))));
  }
  // A folder with the model's files, its values times `factor`.
  fs::path copy_times(double factor) const {
    const fs::path from = testing::golden("train-50/initial"), folder = testing::scratch_folder();
    model::Vit model = model::load_checkpoint(from);
    model.flat().detach().mul_(factor);
    model::save_model(model, folder);
    fs::copy_file(from / "preprocessor_config.json", folder / "preprocessor_config.json");
    return folder;
  }

  const preprocess::PixelStore images_ = testing::golden_images(20);
  TrainOptions options_ = short_options();  // checkpoints 0, 4, 8 and 11
  const store::RunDirectory run_{testing::scratch_folder()};
};

TEST_F(StartModel, AnotherOfTheSameShapeIsRefused) {
  const fs::path other = copy_times(2);
  for (const int ranks : {1, 2}) expect_refused({other}, ranks);
  fs::remove_all(run_.checkpoint(11));  // not finished
  expect_refused({other});
}

TEST_F(StartModel, MayHaveMoved) {
  EXPECT_NO_THROW(train({copy_times(1)}));
}

TEST_F(StartModel, MayDifferInItsLastBits) {
  EXPECT_NO_THROW(train({copy_times(1 + 1e-6)}));
}

// As in situ, where the models of frames are removed.
TEST_F(StartModel, IsKnownByItsDigestWhereItIsGone) {
  fs::remove(run_.model(0));
  EXPECT_NO_THROW(train());
  expect_refused({copy_times(2)});
  EXPECT_NO_THROW(train({copy_times(1 + 1e-6), true}));
}

TEST_F(StartModel, IsNotComparedWhereNothingKnowsIt) {
  fs::remove_all(run_.checkpoint(0));
  EXPECT_NO_THROW(train({copy_times(2)}));
}

TEST_F(StartModel, OtherOptionsAreRefusedWithoutOptimizersToo) {
  for (const std::int64_t step : run_.checkpoint_steps()) fs::remove(run_.optimizer(step));
  options_.learning_rate = 1;
  EXPECT_THAT([&] { train(); }, ThrowsMessage<UsageError>(HasSubstr("--learning-rate")));
}

}  // namespace
}  // namespace zoetrope::train
