// SPDX-License-Identifier: Apache-2.0
// Trainings that start where checkpoints lie already: what is gone on from, and what is left alone.
#include <chrono>
#include <fstream>
#include <tuple>

#include <gmock/gmock.h>
#include <unistd.h>

#include "zoetrope/comm/testing.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "fingerprint.hpp"
#include "train_on.hpp"

namespace zoetrope::train {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::scratch_folder;
using ::testing::ThrowsMessage;

struct Interruption : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Resume : public ::testing::TestWithParam<std::tuple<int, comm::RankMemory>> {};

TEST_P(Resume, EqualsAnUninterruptedRunBitForBit) {
  const auto folder = scratch_folder();
  const auto images = testing::golden_images(20);
  const TrainOptions options = short_options();
  TrainingHooks breaks;
  breaks.on_stage = [](const std::string& stage) {
    if (stage == "training, step 7") throw Interruption("pulled the plug");
  };

  const auto [ranks, memory] = GetParam();

  train_on(ranks, folder / "whole", images, options, {}, memory);
  EXPECT_THROW(train_on(ranks, folder / "broken", images, options, breaks, memory), Interruption);
  EXPECT_FALSE(std::filesystem::exists(folder / "broken/checkpoint-8"));
  train_on(ranks, folder / "broken", images, options, {}, memory);

  const auto whole = store::read_unmended_log({folder / "whole"}),
             broken = store::read_unmended_log({folder / "broken"});
  ASSERT_EQ(whole.size(), 3U);
  ASSERT_EQ(broken.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(broken[i].step, whole[i].step);
    EXPECT_EQ(broken[i].loss, whole[i].loss);
    EXPECT_EQ(broken[i].grad_norm, whole[i].grad_norm);
    EXPECT_EQ(broken[i].accuracy, whole[i].accuracy);
  }
  for (const char* checkpoint : {"checkpoint-0", "checkpoint-4", "checkpoint-8", "checkpoint-11"})
    EXPECT_EQ(testing::fingerprint(model::load_checkpoint(folder / "broken" / checkpoint)),
              testing::fingerprint(model::load_checkpoint(folder / "whole" / checkpoint)))
        << checkpoint;
}

INSTANTIATE_TEST_SUITE_P(Ranks, Resume,
                         ::testing::Values(std::tuple(1, comm::RankMemory::kApart),
                                           std::tuple(2, comm::RankMemory::kApart),
                                           std::tuple(3, comm::RankMemory::kApart),
                                           std::tuple(3, comm::RankMemory::kCommon)));

TEST(Start, ContinuingWithOtherOptionsIsRefusedByName) {
  const auto folder = scratch_folder();
  TrainOptions options = short_options();
  train_on(1, folder, testing::golden_images(20), options);
  options.learning_rate = 1;

  EXPECT_THAT([&] { train_on(1, folder, testing::golden_images(20), options); },
              ::testing::ThrowsMessage<UsageError>(
                  ::testing::AllOf(HasSubstr("--learning-rate"), HasSubstr("another --run"))));
}

// Every file below `folder` with what it holds.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[entry.path().string()] = support::read_file(entry.path());
  return files;
}

class FinishedRun : public ::testing::Test {
 protected:
  FinishedRun() { train(1); }
  void train(int ranks) { train_on(ranks, run_.root, images_, options_); }
  void remove_optimizers() {
    for (const std::int64_t step : run_.checkpoint_steps()) fs::remove(run_.optimizer(step));
  }
  // As versions wrote them that saved the optimizer with every checkpoint.
  void remove_identities() {
    for (const std::int64_t step : run_.checkpoint_steps())
      fs::remove(run_.checkpoint(step) / "training.json");
  }

  const preprocess::PixelStore images_ = testing::golden_images(20);
  TrainOptions options_ = short_options();  // checkpoints 0, 4, 8 and 11
  const store::RunDirectory run_{scratch_folder()};
};

TEST_F(FinishedRun, IsLeftAsItIsWithoutOptimizers) {
  remove_optimizers();
  const auto before = contents(run_.root);

  train(1);
  train(2);

  EXPECT_TRUE(contents(run_.root) == before);
}

TEST_F(FinishedRun, CheckpointsThatCannotBeGoneOnFromAreNotReplaced) {
  remove_optimizers();
  remove_identities();
  options_.max_steps = 15;
  const auto before = contents(run_.root);

  for (const int ranks : {1, 3})
    EXPECT_THAT([&] { train(ranks); }, ThrowsMessage<UsageError>(AllOf(
                                           HasSubstr("checkpoint-11 lacks"), HasSubstr("another --run"),
                                           HasSubstr("zoetrope extract"), HasSubstr("from checkpoint-4 on"),
                                           HasSubstr("again from checkpoint-0"))));
  EXPECT_TRUE(contents(run_.root) == before);
}

TEST_F(FinishedRun, FramesOfOtherOptionsAreNotReplaced) {
  remove_optimizers();
  options_.max_steps = 15;
  const auto before = contents(run_.root);

  for (const int ranks : {1, 3})
    EXPECT_THAT([&] { train(ranks); },
                ThrowsMessage<UsageError>(
                    AllOf(HasSubstr("checkpoint-11"), HasSubstr("--max-steps"), HasSubstr("another --run"))));
  EXPECT_TRUE(contents(run_.root) == before);
}

TEST_F(FinishedRun, GoesOnFromAnOlderCheckpointOnceTheNewerAreDeleted) {
  const auto last = testing::fingerprint(model::load_checkpoint(run_.checkpoint(11)));
  fs::remove_all(run_.checkpoint(11));
  fs::create_directory(run_.checkpoint(11));  // holds nothing that could be lost
  const fs::path left_over = run_.root / ".checkpoint-11.0123abcd-99999999-1-0011223344556677.tmp";
  fs::create_directory(left_over);
  fs::last_write_time(left_over, fs::file_time_type::clock::now() - std::chrono::hours(2));

  train(1);

  EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run_.checkpoint(11))), last);
  EXPECT_FALSE(fs::exists(left_over));
}

TEST_F(FinishedRun, LeavesWhatAnotherProcessIsWritingAlone) {
  const fs::path page = run_.root / (".review.html." + std::to_string(getppid()) + ".tmp");
  fs::create_directory(page);

  train(1);

  EXPECT_TRUE(fs::exists(page));
}

// What happens to files on disks and networks: a bit flips, a file is cut, empty or not what it was.
void flip_bit(const fs::path& file) {
  std::string bytes = support::read_file(file);
  bytes[bytes.size() * 3 / 4] ^= 4;
  std::ofstream(file, std::ios::binary) << bytes;
}
void cut(const fs::path& file) {
  fs::resize_file(file, fs::file_size(file) / 2);
}

struct Damage {
  const char* name;
  const char* file;
  void (*act)(const fs::path&);
};

class DamagedNewest : public FinishedRun, public ::testing::WithParamInterface<Damage> {};

// The checkpoint before it is whole, and the training gone on from there gives the same bits.
TEST_P(DamagedNewest, IsPassedOver) {
  const auto last = testing::fingerprint(model::load_checkpoint(run_.checkpoint(11)));
  const fs::path file = run_.checkpoint(11) / GetParam().file;
  GetParam().act(file);

  for (const int ranks : {1, 2}) {
    ::testing::internal::CaptureStdout();
    train(ranks);
    const std::string said = ::testing::internal::GetCapturedStdout();
    if (ranks == 1) {
      EXPECT_THAT(said, AllOf(HasSubstr(file.string()), HasSubstr("from checkpoint-8")));
    }
    EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run_.checkpoint(11))), last);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, DamagedNewest,
    ::testing::Values(Damage{"FlippedModel", "model.safetensors", flip_bit},
                      Damage{"CutModel", "model.safetensors", cut}, Damage{"CutConfig", "config.json", cut},
                      Damage{"FlippedConfig", "config.json", flip_bit},
                      Damage{"CutState", "trainer_state.json", cut},
                      Damage{"FlippedState", "trainer_state.json", flip_bit},
                      Damage{"FlippedPreprocessor", "preprocessor_config.json", flip_bit},
                      Damage{"FlippedRecord", "training.json", flip_bit},
                      Damage{"CutPreprocessor", "preprocessor_config.json", cut}),
    [](const auto& named) { return named.param.name; });

// Of a training that is not finished: the checkpoint before it is whole.
TEST_F(FinishedRun, ADamagedOptimizerIsPassedOver) {
  options_.keep_optimizer = 3;
  for (const auto& damage : {flip_bit, cut}) {
    fs::remove_all(run_.root);
    train(1);
    const auto last = testing::fingerprint(model::load_checkpoint(run_.checkpoint(11)));
    fs::remove_all(run_.checkpoint(11));
    damage(run_.optimizer(8));

    ::testing::internal::CaptureStdout();
    train(1);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(),
                AllOf(HasSubstr(run_.optimizer(8).string()), HasSubstr("from checkpoint-4")));
    EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run_.checkpoint(11))), last);
    train(2);
  }
}

// Nothing is left to train that would need it.
TEST_F(FinishedRun, ADamagedOptimizerOfTheLastStepIsGoneWithout) {
  for (const int ranks : {1, 2}) {
    for (const auto& damage : {flip_bit, cut}) {
      fs::remove_all(run_.root);
      train(1);
      damage(run_.optimizer(11));
      auto expected = contents(run_.root);
      expected.erase(run_.optimizer(11).string());

      ::testing::internal::CaptureStdout();
      train(ranks);
      const std::string said = ::testing::internal::GetCapturedStdout();
      if (ranks == 1) {
        EXPECT_THAT(said, AllOf(HasSubstr(run_.optimizer(11).string()), HasSubstr("is finished"),
                                Not(HasSubstr("instead"))));
      }
      EXPECT_TRUE(contents(run_.root) == expected);
    }
  }
}

// It is the result of another training, which this one would write over.
TEST_F(FinishedRun, ADamagedCheckpointOfOtherOptionsIsNotReplaced) {
  options_.learning_rate *= 3;
  for (const fs::path& file : {run_.optimizer(11), run_.model(11)}) {
    flip_bit(file);
    const auto before = contents(run_.root);
    for (const int ranks : {1, 2})
      EXPECT_THAT([&] { train(ranks); },
                  ThrowsMessage<UsageError>(AllOf(HasSubstr("checkpoint-11"), HasSubstr("--learning-rate"))));
    EXPECT_TRUE(contents(run_.root) == before);
  }
}

TEST_F(FinishedRun, AnOptimizerWithoutItsModelIsWarnedOf) {
  const auto last = testing::fingerprint(model::load_checkpoint(run_.checkpoint(11)));
  fs::remove(run_.model(11));

  ::testing::internal::CaptureStdout();
  train(1);

  EXPECT_THAT(::testing::internal::GetCapturedStdout(),
              HasSubstr(run_.model(11).string() +
                        ": is missing beside optimizer.safetensors; training goes on from checkpoint-8"));
  EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run_.checkpoint(11))), last);
}

TEST_F(FinishedRun, OtherImagesAreToldByTheOptionsThatChooseThem) {
  EXPECT_THAT([&] { train_on(1, run_.root, images_, options_, {}, comm::RankMemory::kApart, {}, "others"); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("on other images than --data, --train-limit"),
                                              Not(HasSubstr("digest")), HasSubstr("another --run"))));
}

// Each of the two files is whole, and together they are of no training.
TEST_F(FinishedRun, WeightsOfAnotherStepAreNoneToGoOnFrom) {
  const auto last = testing::fingerprint(model::load_checkpoint(run_.checkpoint(11)));
  fs::copy_file(run_.model(8), run_.model(11), fs::copy_options::overwrite_existing);

  train(1);

  EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run_.checkpoint(11))), last);
}

// Of log.csv no more than what is behind the resume point is believed without a witness.
TEST_F(FinishedRun, ADamagedLogIsMended) {
  const std::string whole = support::read_file(run_.log_csv());
  for (const auto& damage :
       {flip_bit, cut, +[](const fs::path& file) { std::ofstream(file, std::ios::trunc); },
        +[](const fs::path& file) { fs::remove(file); }}) {
    damage(run_.log_csv());
    train(2);
    EXPECT_EQ(support::read_file(run_.log_csv()), whole);
  }
}

// They are of no frame: no undisturbed run has them.
TEST_F(FinishedRun, ADamagedInterruptionIsRemoved) {
  fs::copy(run_.checkpoint(8), run_.checkpoint(9));
  fs::copy(run_.checkpoint(8), run_.resume(10));
  cut(run_.optimizer(9));
  cut(run_.resume(10) / "optimizer.safetensors");
  fs::remove_all(run_.checkpoint(11));

  train(1);

  EXPECT_THAT(run_.checkpoint_steps(), ::testing::ElementsAre(0, 4, 8, 11));
  EXPECT_TRUE(run_.resume_steps().empty());
}

// Training comes to the same frames again, and leaves them as they are.
TEST_F(FinishedRun, BeginsAgainWhereAllResumePointsAreDamaged) {
  const auto last = testing::fingerprint(model::load_checkpoint(run_.checkpoint(11)));
  flip_bit(run_.model(11));
  flip_bit(run_.optimizer(8));
  const auto frame = contents(run_.checkpoint(4));

  train(1);

  EXPECT_TRUE(contents(run_.checkpoint(4)) == frame);
  EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run_.checkpoint(11))), last);
  EXPECT_NO_THROW(train(2));
}

TEST_F(FinishedRun, NothingIsReplacedWhereAllResumePointsAreDamaged) {
  remove_identities();
  flip_bit(run_.model(11));
  flip_bit(run_.optimizer(8));
  const auto before = contents(run_.root);

  EXPECT_THAT([&] { train(2); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(run_.model(11).string() + ": is damaged"),
                                              HasSubstr("from checkpoint-4 on"))));

  EXPECT_TRUE(contents(run_.root) == before);
}

std::map<std::string, fs::file_time_type> times(const fs::path& folder) {
  std::map<std::string, fs::file_time_type> times;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) times[entry.path().string()] = entry.last_write_time();
  return times;
}

// Killed before the optimizer's state was due: the frames are kept that training comes to again, but for a
// damaged one.
TEST(Start, KeepsFramesAfterTheLastResumePoint) {
  const store::RunDirectory run{scratch_folder()}, whole{scratch_folder()};
  const auto images = testing::golden_images(20);
  TrainOptions options = short_options();
  options.save_steps = 2;
  options.resume_every = 120;
  TrainingHooks breaks;
  breaks.on_stage = [](const std::string& stage) {
    if (stage == "training, step 10") throw Interruption("pulled the plug");
  };
  train_on(2, whole.root, images, options);
  EXPECT_THROW(train_on(2, run.root, images, options, breaks), Interruption);
  ASSERT_FALSE(fs::exists(run.optimizer(8)));
  const auto kept = times(run.checkpoint(6));
  flip_bit(run.model(4));

  train_on(2, run.root, images, options);

  EXPECT_TRUE(times(run.checkpoint(6)) == kept);
  EXPECT_EQ(run.checkpoint_steps(), whole.checkpoint_steps());
  for (const std::int64_t step : whole.checkpoint_steps())
    EXPECT_TRUE(support::read_file(run.model(step)) == support::read_file(whole.model(step))) << step;
  const auto log = store::read_unmended_log(run), expected = store::read_unmended_log(whole);
  ASSERT_EQ(log.size(), expected.size());
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].loss, expected[i].loss);
}

// So that a long training does not write its log as often as it writes frames.
TEST(Start, TheWholeLogIsOnlyInWhatCanBeGoneOnFrom) {
  const store::RunDirectory run{scratch_folder()};
  TrainOptions options = short_options();
  options.save_steps = 2;
  options.logging_steps = 1;
  options.keep_optimizer = 1;
  for (const double resume_every : {120.0, 0.0}) {
    fs::remove_all(run.root);
    options.resume_every = resume_every;

    train_on(1, run.root, testing::golden_images(20), options);

    const auto lines = [&](std::int64_t step) {
      return store::read_trainer_log(run.trainer_state(step)).size();
    };
    EXPECT_EQ(lines(11), 11U);
    EXPECT_EQ(lines(8), 1U);
    EXPECT_EQ(lines(0), 0U);
  }
}

// A frame that a job before has written becomes one when a later job saves it as such.
TEST(Start, AFrameThatBecomesAResumePointGetsTheWholeLog) {
  const store::RunDirectory run{scratch_folder()};
  TrainOptions options = short_options();
  options.save_steps = 2;
  options.logging_steps = 1;
  options.keep_optimizer = 10;
  options.resume_every = 120;
  TrainingHooks breaks;
  breaks.on_stage = [](const std::string& stage) {
    if (stage == "training, step 10") throw Interruption("pulled the plug");
  };
  EXPECT_THROW(train_on(1, run.root, testing::golden_images(20), options, breaks), Interruption);
  ASSERT_EQ(store::read_trainer_log(run.trainer_state(6)).size(), 1U);
  options.resume_every = 0;

  train_on(1, run.root, testing::golden_images(20), options);

  ASSERT_TRUE(fs::exists(run.optimizer(6)));
  EXPECT_EQ(store::read_trainer_log(run.trainer_state(6)).size(), 6U);
}

// In situ the models of older frames are gone, and their embeddings say what they were of.
TEST(Start, KeepsFramesOfWhichOnlyEmbeddingsAreLeft) {
  const store::RunDirectory run{scratch_folder()};
  const auto images = testing::golden_images(20);
  TrainOptions options = short_options();
  options.save_steps = 2;
  options.resume_every = 120;
  options.save = SaveMode::kInSitu;
  options.is_embedded = [](const fs::path& checkpoint) { return fs::exists(checkpoint / "embeddings.h5"); };
  TrainingHooks hooks;
  std::vector<std::int64_t> known;  // frames that the hook is told to be there
  hooks.on_checkpoint = [&](const model::CheckpointInMemory& made) {
    if (made.digest) known.push_back(made.step);
    made.once_written(0, [&run, step = made.step](const std::string& digest) {
      store::EmbeddingsIdentity identity;
      identity.step = step;
      identity.model_digest = digest;
      identity.num_rows = identity.num_columns = 1;
      if (store::is_sealed(run.checkpoint(step), identity)) return;
      store::write_shard(run.checkpoint(step), identity, 0, {{0.0F}, {}});
      store::seal(run.checkpoint(step), identity);
    });
  };
  hooks.on_stage = [](const std::string& stage) {
    if (stage == "training, step 10") throw Interruption("pulled the plug");
  };
  EXPECT_THROW(train_on(1, run.root, images, options, hooks), Interruption);
  ASSERT_FALSE(fs::exists(run.model(4)));
  const auto kept = times(run.checkpoint(4));
  ASSERT_TRUE(known.empty());
  hooks.on_stage = {};

  train_on(1, run.root, images, options, hooks);

  EXPECT_TRUE(times(run.checkpoint(4)) == kept);
  EXPECT_THAT(known, ::testing::ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(run.checkpoint_steps(), ::testing::ElementsAre(0, 2, 4, 6, 8, 10, 11));
}

// With the start alone nothing is trained: it is made again, with the options of now.
TEST(Start, IsMadeAgainWhereNothingIsTrained) {
  const store::RunDirectory run{scratch_folder()}, other{scratch_folder()};
  const auto images = testing::golden_images(20);
  TrainOptions options = short_options();
  options.max_steps = 4;
  train_on(1, run.root, images, options);
  fs::remove_all(run.checkpoint(4));
  options.seed = 7;

  train_on(1, run.root, images, options);
  train_on(1, other.root, images, options);

  EXPECT_EQ(testing::fingerprint(model::load_checkpoint(run.checkpoint(4))),
            testing::fingerprint(model::load_checkpoint(other.checkpoint(4))));
}

// As a Hugging Face Trainer leaves it: no checkpoint-0, and an optimizer that is not ours.
TEST(Start, ATrainersOutputIsNotReplaced) {
  const store::RunDirectory run{scratch_folder()};
  fs::copy(testing::golden("train-50/initial"), run.checkpoint(8));
  std::ofstream(run.checkpoint(8) / "optimizer.pt") << "a pickle";
  std::ofstream(run.checkpoint(8) / "trainer_state.json") << R"({"best_metric": NaN, "global_step": 8})";
  const auto before = contents(run.root);
  TrainOptions options = short_options();

  EXPECT_THAT([&] { train_on(1, run.root, testing::golden_images(20), options); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("checkpoint-8 lacks"), HasSubstr("another --run"),
                                              HasSubstr("from the beginning"))));
  options.max_steps = 8;
  train_on(1, run.root, testing::golden_images(20), options);

  auto after = contents(run.root);
  after.erase(run.log_csv());
  EXPECT_TRUE(after == before);
}

}  // namespace
}  // namespace zoetrope::train
