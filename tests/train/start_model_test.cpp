// SPDX-License-Identifier: Apache-2.0
// A run goes on with the model that it began with, wherever that lies now, and with no other.
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/train/same_model.hpp"

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

// Three ranks with the model, of which the values of rank 1 are multiplied by `factor`; `changed` may change
// the model of rank 1 in another way. Returns every rank's weights.
std::vector<at::Tensor> agree(double factor, const std::function<void(model::Vit&)>& changed = {}) {
  std::vector<at::Tensor> weights(3);
  comm::run_as_thread_ranks(3, [&](comm::Communicator& communicator) {
    model::Vit model = model::load_checkpoint(testing::golden("train-50/initial"));
    if (communicator.rank() == 1) {
      model.flat().detach().mul_(factor);
      if (changed) changed(model);
    }
    agree_on_model(model, "--model m", communicator);
    weights[static_cast<std::size_t>(communicator.rank())] = model.flat().detach();
  });
  return weights;
}

TEST(SameModel, LastBitsAreThoseOfRank0) {
  const at::Tensor own = model::load_checkpoint(testing::golden("train-50/initial")).flat().detach();
  for (const double factor : {1.0, 1 + 1e-6})
    for (const at::Tensor& weights : agree(factor)) EXPECT_TRUE(at::equal(weights, own));
}

TEST(SameModel, AnotherIsRefusedAndItsRankNamed) {
  const auto is_refused = ThrowsMessage<InputError>(
      AllOf(HasSubstr("--model m: rank 1 on "), HasSubstr("than rank 0 on "), HasSubstr("digest")));
  EXPECT_THAT([&] { agree(2); }, is_refused);
  EXPECT_THAT([&] { agree(std::numeric_limits<double>::quiet_NaN()); }, is_refused);
  const auto other_config = [](model::Vit& model) {
    model::VitConfig config = model.config();
    config.layer_norm_eps *= 2;
    model::Vit other(config);
    other.flat().detach().copy_(model.flat().detach());
    model = std::move(other);
  };
  EXPECT_THAT([&] { agree(1, other_config); }, is_refused);
}

}  // namespace
}  // namespace zoetrope::train
