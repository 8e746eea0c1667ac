// SPDX-License-Identifier: Apache-2.0
// The training loop against Hugging Face's Trainer (tests/golden/make_model_golden.py), on any number of
// ranks and threads.
#include "zoetrope/train/trainer.hpp"

#include <csignal>
#include <cstdlib>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>

#include "zoetrope/comm/testing.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"

#include "fingerprint.hpp"
#include "train_on.hpp"

namespace zoetrope::train {
namespace {

using testing::golden;
using ::testing::HasSubstr;
using testing::scratch_folder;

struct Case {
  const char* name;
  int ranks;
  int threads;
  std::int64_t micro_batch;
  comm::RankMemory memory = comm::RankMemory::kApart;
};

class TrainerGolden : public ::testing::TestWithParam<Case> {};

TEST_P(TrainerGolden, LosesAsHuggingFacesTrainer) {
  TrainOptions options = options_of(GetParam().name);
  options.threads = GetParam().threads;
  options.micro_batch = GetParam().micro_batch;
  const auto rows = options.max_steps * options.batch_size;
  const auto images = testing::arrange_for_sampler(testing::golden_images(256), rows, options.seed);
  const auto folder = scratch_folder();

  train_on(GetParam().ranks, folder, images, options, {}, GetParam().memory);

  const store::SafetensorsFile expected(golden(std::string("train-50/") + GetParam().name + ".safetensors"));
  const at::Tensor loss = expected.view("loss").clone(), rate = expected.view("learning_rate").clone(),
                   norm = expected.view("grad_norm").clone();
  const auto log = store::read_unmended_log({folder});
  ASSERT_EQ(static_cast<std::int64_t>(log.size()), options.max_steps);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const double expected_loss = loss[at].item<double>(), expected_norm = norm[at].item<double>();
    EXPECT_NEAR(log[i].loss, expected_loss, 1e-4 * expected_loss) << "step " << i + 1;
    EXPECT_NEAR(log[i].grad_norm, expected_norm, 1e-3 * expected_norm) << "step " << i + 1;
    EXPECT_DOUBLE_EQ(log[i].learning_rate, rate[at].item<double>()) << "step " << i + 1;
  }
  const c10::NoGradGuard no_grad;
  const model::Vit trained = model::load_checkpoint(folder / "checkpoint-50");
  const auto first_five = testing::golden_images(5);
  const at::Tensor pixels =
      preprocess::normalize(first_five.pixels, at::arange(5), testing::golden_preprocessor());
  EXPECT_LT(testing::largest_difference(trained.logits(pixels), expected.view("final_logits")), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Golden, TrainerGolden,
                         ::testing::Values(Case{"default", 1, 1, 0}, Case{"default", 1, 2, 0},
                                           Case{"default", 1, 3, 8}, Case{"default", 2, 1, 5},
                                           Case{"default", 3, 1, 0}, Case{"default", 4, 2, 0},
                                           Case{"default", 3, 2, 0, comm::RankMemory::kCommon},
                                           Case{"decay-and-clip", 2, 1, 0, comm::RankMemory::kCommon},
                                           Case{"decay-and-clip", 1, 1, 0}, Case{"decay-and-clip", 2, 2, 0}),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           std::erase(name, '-');
                           return name + "_ranks" + std::to_string(tested.param.ranks) + "_threads" +
                                  std::to_string(tested.param.threads) + "_micro" +
                                  std::to_string(tested.param.micro_batch) +
                                  (tested.param.memory == comm::RankMemory::kCommon ? "_common" : "");
                         });

// One copy of the state or one for each rank: the gradients' sums are the same, and so is all else.
TEST(Trainer, TrainsAlikeWithCommonMemory) {
  const auto folder = scratch_folder();
  const auto images = testing::golden_images(20);

  train_on(2, folder / "apart", images, short_options(), {}, comm::RankMemory::kApart);
  train_on(2, folder / "common", images, short_options(), {}, comm::RankMemory::kCommon);

  EXPECT_EQ(testing::fingerprint(model::load_checkpoint(folder / "common/checkpoint-11")),
            testing::fingerprint(model::load_checkpoint(folder / "apart/checkpoint-11")));
}

TEST(Trainer, MoreRanksThanImagesInABatch) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.batch_size = 3;
  options.logging_steps = 1;
  const auto images = testing::golden_images(20);

  train_on(1, folder / "one", images, options);
  train_on(4, folder / "four", images, options);

  const auto one = store::read_unmended_log({folder / "one"}),
             four = store::read_unmended_log({folder / "four"});
  ASSERT_EQ(one.size(), four.size());
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(four[i].loss, one[i].loss, 1e-5 * one[i].loss);
}

TEST(Trainer, CheckpointsKeepTensorsThatClassificationDoesNotUse) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.max_steps = 2;
  const at::Tensor token = at::arange(5, at::kFloat);
  const auto preprocessor = testing::golden_preprocessor();
  model::Vit model = model::load_checkpoint(golden("train-50/initial"));
  model.extra_tensors.emplace_back("vit.embeddings.mask_token", token);
  const auto cache = testing::cache_of(testing::golden_images(20), preprocessor);
  const auto alone = comm::make_single_communicator();

  train(store::RunDirectory{folder}, {std::move(model), *cache, preprocessor, "digest"}, options,
        {*alone, *alone});

  const store::SafetensorsFile written(folder / "checkpoint-2/model.safetensors");
  EXPECT_TRUE(at::equal(written.view("vit.embeddings.mask_token"), token));
}

TEST(Trainer, CountsTheImagesOfAnEpochsShortBatch) {
  TrainOptions options = short_options();
  options.batch_size = 8;
  options.max_steps = 4;
  const auto preprocessor = testing::golden_preprocessor();
  const auto cache = testing::cache_of(testing::golden_images(20), preprocessor);
  const auto alone = comm::make_single_communicator();

  const TrainingResult result =
      train(store::RunDirectory{scratch_folder()},
            {model::load_checkpoint(golden("train-50/initial")), *cache, preprocessor, "digest"}, options,
            {*alone, *alone});

  EXPECT_EQ(result.images, 8 + 8 + 4 + 8);
}

TEST(Trainer, KeepsTheOptimizerInTheNewestCheckpointsOnly) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.save_steps = 2;

  train_on(1, folder, testing::golden_images(20), options);

  const store::RunDirectory run{folder};
  EXPECT_EQ(run.checkpoint_steps(), (std::vector<std::int64_t>{0, 2, 4, 6, 8, 10, 11}));
  EXPECT_FALSE(std::filesystem::exists(run.optimizer(8)));
  EXPECT_TRUE(std::filesystem::exists(run.optimizer(10)));
  EXPECT_TRUE(std::filesystem::exists(run.optimizer(11)));
}

bool has_embeddings(const std::filesystem::path& checkpoint) {
  return std::filesystem::exists(checkpoint / "embeddings.h5");
}

TEST(Trainer, InSituKeepsOnlyTheNewestModelAndCallsTheHookForEveryCheckpoint) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.save = SaveMode::kInSitu;
  options.is_embedded = has_embeddings;
  const store::RunDirectory run{folder};
  std::vector<std::int64_t> seen;
  TrainingHooks hooks;
  hooks.on_checkpoint = [&](const model::CheckpointInMemory& made) {
    const std::string in_memory = testing::fingerprint(made.model);
    made.once_written(0, [&run, in_memory, step = made.step](const std::string& digest) {
      EXPECT_EQ(in_memory, testing::fingerprint(model::load_checkpoint(run.checkpoint(step))));
      EXPECT_EQ(digest, model::StoredModel(run.checkpoint(step)).digest());
      support::write_file(run.embeddings(step), "of this model");
    });
    seen.push_back(made.step);
  };

  train_on(1, folder, testing::golden_images(20), options, hooks);

  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 4, 8, 11}));
  EXPECT_FALSE(std::filesystem::exists(run.model(8)));
  EXPECT_TRUE(std::filesystem::exists(run.model(11)));
}

// The optimizer's state is saved by time, and this training is over before it is due.
TEST(Trainer, FramesHaveNoOptimizerButTheLast) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.resume_every = 120;

  train_on(2, folder, testing::golden_images(20), options);

  const store::RunDirectory run{folder};
  EXPECT_EQ(run.checkpoint_steps(), (std::vector<std::int64_t>{0, 4, 8, 11}));
  for (const std::int64_t step : {0, 4, 8})
    EXPECT_FALSE(std::filesystem::exists(run.optimizer(step))) << step;
  EXPECT_TRUE(std::filesystem::exists(run.optimizer(11)));
  EXPECT_TRUE(run.resume_steps().empty());
}

TEST(Trainer, InSituKeepsModelsThatAnEarlierJobHasNotEmbedded) {
  const auto folder = scratch_folder();
  const store::RunDirectory run{folder};
  TrainOptions options = short_options();
  TrainingHooks breaks;
  breaks.on_stage = [](const std::string& stage) {
    if (stage == "training, step 7") throw std::runtime_error("pulled the plug");
  };
  EXPECT_THROW(train_on(1, folder, testing::golden_images(20), options, breaks), std::runtime_error);
  options.save = SaveMode::kInSitu;
  options.is_embedded = has_embeddings;

  train_on(1, folder, testing::golden_images(20), options);

  EXPECT_TRUE(std::filesystem::exists(run.model(0)));
}

TEST(Trainer, SaysWhereItGoesOnBeforeItRemovesAnything) {
  const auto folder = scratch_folder();
  const store::RunDirectory run{folder};
  TrainOptions options = short_options();
  TrainingHooks hooks;
  std::vector<std::int64_t> starts;
  hooks.on_start = [&](std::int64_t step) { starts.push_back(step); };
  train_on(1, folder, testing::golden_images(20), options, hooks);
  ASSERT_TRUE(std::filesystem::exists(run.model(4)));
  options.save = SaveMode::kInSitu;
  options.is_embedded = [](const auto&) { return true; };
  hooks.on_start = [&](std::int64_t step) {
    starts.push_back(step);
    throw InputError("a frame is of other images");
  };

  EXPECT_THROW(train_on(1, folder, testing::golden_images(20), options, hooks), InputError);

  EXPECT_EQ(starts, (std::vector<std::int64_t>{-1, 11}));
  EXPECT_TRUE(std::filesystem::exists(run.model(4)));
}

TEST(Trainer, InSituKeepsModelsUntilAllIsEmbeddedThatIsAskedFor) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.save = SaveMode::kInSitu;
  options.is_embedded = [](const std::filesystem::path& checkpoint) {
    return store::is_seal_finished(checkpoint, store::EmbeddedSplit::kTest) &&
           store::is_seal_finished(checkpoint, store::EmbeddedSplit::kTrain);
  };
  const store::RunDirectory run{folder};
  TrainingHooks hooks;
  hooks.on_checkpoint = [&](const model::CheckpointInMemory& made) {
    made.once_written(0, [&run, step = made.step](const std::string&) {
      const auto checkpoint = run.checkpoint(step);
      support::write_file(run.embeddings(step), "of this model");
      support::write_file(checkpoint / (step == 0 ? "embeddings-train.shard-0-10.h5" : "embeddings-train.h5"),
                          "of this model");
    });
  };

  train_on(1, folder, testing::golden_images(20), options, hooks);

  EXPECT_TRUE(std::filesystem::exists(run.model(0))) << "its training images are not embedded";
  EXPECT_FALSE(std::filesystem::exists(run.model(4)));
}

// As what was to be made of the last frame is being written.
[[noreturn]] void train_and_get_a_signal_after_the_last_step() {
  TrainingHooks hooks;
  hooks.on_checkpoint = [](const model::CheckpointInMemory& made) {
    if (made.step == 11) made.once_written(0, [](const auto&) { support::note_signal(SIGUSR1); });
  };
  const store::RunDirectory run{scratch_folder()};
  try {
    train_on(1, run.root, testing::golden_images(20), short_options(), hooks);
  } catch (const Interrupted&) {
    std::_Exit(std::filesystem::exists(run.optimizer(11)) ? 75 : 1);
  }
  std::_Exit(0);
}

TEST(Trainer, ASignalAfterTheLastStepIsHeard) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(train_and_get_a_signal_after_the_last_step(), ::testing::ExitedWithCode(75), "");
}

TEST(Trainer, ALossThatIsNotFiniteIsAnError) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.learning_rate = 1e30;
  options.warmup_ratio = 0;

  EXPECT_THAT([&] { train_on(1, folder, testing::golden_images(20), options); },
              ::testing::ThrowsMessage<RunError>(HasSubstr("--learning-rate")));
}

// Not only where a line of the log is due.
TEST(Trainer, NoCheckpointOfALossThatIsNotFinite) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  options.learning_rate = 1e30;
  options.warmup_ratio = 0;
  options.logging_steps = 1000;

  EXPECT_THROW(train_on(1, folder, testing::golden_images(20), options), RunError);
  EXPECT_FALSE(std::filesystem::exists(folder / "checkpoint-4"));
}

// The loss is that before the update: the first that shows these weights would be the next one.
TEST(Trainer, NoCheckpointOfWeightsThatGiveNoNumbers) {
  for (const std::int64_t steps : {1, 4}) {
    for (const int ranks : {1, 3}) {
      const auto folder = scratch_folder();
      TrainOptions options = short_options();
      options.learning_rate = 1e37;
      options.warmup_ratio = 0;
      options.max_steps = steps;
      options.save_steps = 1;
      options.logging_steps = 1;

      EXPECT_THAT([&] { train_on(ranks, folder, testing::golden_images(20), options); },
                  ::testing::ThrowsMessage<RunError>(HasSubstr("step 1: the update has made")));
      EXPECT_TRUE(std::filesystem::exists(folder / "checkpoint-0"));
      EXPECT_FALSE(std::filesystem::exists(folder / "checkpoint-1"));
    }
  }
}

}  // namespace
}  // namespace zoetrope::train
