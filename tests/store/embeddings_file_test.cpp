// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/embeddings_file.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

#include "store/samples.hpp"
#include "store/scratch.hpp"
#include "support/another_process.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EmbeddingsFileTest : public ScratchTest {
 protected:
  void write(support::Range rows, const EmbeddingsIdentity& identity) const {
    write_shard(folder_, identity, rows.begin, {sample_rows(rows.begin, rows.end, identity.num_columns), {}});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  const EmbeddingsIdentity identity_ = sample_identity(11, 3);
};

TEST_F(EmbeddingsFileTest, JoinsShardsOfAnySize) {
  write({7, 11}, identity_);
  write({0, 1}, identity_);
  write({1, 7}, identity_);

  seal(folder_, identity_);

  EXPECT_THAT(files(), ElementsAre("embeddings.h5"));
  const Embeddings embeddings = read_embeddings(folder_);
  EXPECT_EQ(embeddings.identity, identity_);
  EXPECT_EQ(embeddings.values, sample_rows(0, 11, 3));
  EXPECT_TRUE(is_sealed(folder_, identity_));
}

// More values than are copied at a time.
TEST_F(EmbeddingsFileTest, JoinsLargeShards) {
  const EmbeddingsIdentity large = sample_identity(7001, 768);
  write({0, 6007}, large);
  write({6007, 7001}, large);

  seal(folder_, large);

  EXPECT_EQ(read_embeddings(folder_).values, sample_rows(0, 7001, 768));
}

TEST_F(EmbeddingsFileTest, AnEmptySplitSealsWithoutShards) {
  const EmbeddingsIdentity empty = sample_identity(0, 3);

  seal(folder_, empty);

  EXPECT_TRUE(is_sealed(folder_, empty));
  EXPECT_TRUE(read_embeddings(folder_).values.empty());
}

TEST_F(EmbeddingsFileTest, SaysWhichRowsAreMissing) {
  write({0, 2}, identity_);
  write({5, 9}, identity_);

  const std::string message = message_of<RunError>([&] { seal(folder_, identity_); });

  EXPECT_THAT(message, HasSubstr("rows 2 to 5, 9 to 11;"));
  EXPECT_THAT(collect_shards(folder_, identity_), ElementsAre(support::Range{0, 2}, support::Range{5, 9}));
}

TEST_F(EmbeddingsFileTest, DeletesStaleShards) {
  write({0, 2}, identity_);
  EmbeddingsIdentity other_model = identity_;
  other_model.model_digest = "m2";
  write({2, 4}, other_model);
  EmbeddingsIdentity other_split = identity_;
  other_split.num_rows = 100;
  write({4, 6}, other_split);

  EXPECT_THAT(collect_shards(folder_, identity_), ElementsAre(support::Range{0, 2}));
  EXPECT_THAT(files(), ElementsAre("embeddings.shard-0-2.h5"));
}

TEST_F(EmbeddingsFileTest, DeletesShardsWhoseRowsAreInOthers) {
  write({0, 3}, identity_);
  write({0, 5}, identity_);
  write({4, 5}, identity_);
  write({5, 8}, identity_);

  EXPECT_THAT(collect_shards(folder_, identity_), ElementsAre(support::Range{0, 5}, support::Range{5, 8}));
  EXPECT_THAT(files(), ElementsAre("embeddings.shard-0-5.h5", "embeddings.shard-5-8.h5"));
}

// As blocks of another size leave them: a shard begins before the one that was there ends.
TEST_F(EmbeddingsFileTest, JoinsOverlappingShards) {
  EmbeddingsIdentity identity = identity_;
  identity.num_classes = 2;
  const auto write_both = [&](support::Range rows) {
    write_shard(folder_, identity, rows.begin,
                {sample_rows(rows.begin, rows.end, 3), sample_rows(rows.begin, rows.end, 2)});
  };
  write_both({0, 5});
  write_both({4, 8});
  write_both({6, 11});

  EXPECT_THAT(collect_shards(folder_, identity),
              ElementsAre(support::Range{0, 5}, support::Range{4, 8}, support::Range{6, 11}));
  seal(folder_, identity);

  EXPECT_EQ(read_embeddings(folder_).values, sample_rows(0, 11, 3));
  EXPECT_EQ(read_embeddings(folder_).logits, sample_rows(0, 11, 2));
}

// In whichever order shards are written, and where another one starts with its rows.
TEST_F(EmbeddingsFileTest, TakesTheClassifierFromTheShardOfTheFirstRow) {
  EmbeddingsIdentity identity = identity_;
  identity.num_classes = 2;
  const Classifier classifier{sample_rows(11, 13, 3), {0.5F, -0.5F}};
  const auto write_all = [&](support::Range rows) {
    write_shard(folder_, identity, rows.begin,
                {sample_rows(rows.begin, rows.end, 3), sample_rows(rows.begin, rows.end, 2), classifier});
  };
  write_all({4, 11});
  write_all({0, 2});
  write_all({0, 5});
  seal(folder_, identity);

  EXPECT_EQ(read_embeddings(folder_).classifier.weight, classifier.weight);
  EXPECT_EQ(read_embeddings(folder_).classifier.bias, classifier.bias);
  EXPECT_TRUE(read_header(folder_).has_classifier);
  EXPECT_EQ(read_identity(folder_), identity);
}

TEST_F(EmbeddingsFileTest, HasNoClassifierWhereNoneIsGiven) {
  write({0, 11}, identity_);
  seal(folder_, identity_);

  EXPECT_TRUE(read_embeddings(folder_).classifier.empty());
  EXPECT_FALSE(read_header(folder_).has_classifier);
}

TEST_F(EmbeddingsFileTest, RefusesAClassifierOfOtherEmbeddings) {
  EmbeddingsIdentity identity = identity_;
  identity.num_classes = 2;
  EXPECT_THROW(write_shard(folder_, identity, 0,
                           {sample_rows(0, 11, 3), sample_rows(0, 11, 2), {sample_rows(0, 3, 3), {0, 0, 0}}}),
               RunError);
  EXPECT_THAT(collect_shards(folder_, identity), IsEmpty());
}

TEST_F(EmbeddingsFileTest, DeletesShardsWhoseNameOrContentIsWrong) {
  write({0, 3}, identity_);
  fs::copy_file(folder_ / "embeddings.shard-0-3.h5", folder_ / "embeddings.shard-3-6.h5");  // other rows
  fs::copy_file(folder_ / "embeddings.shard-0-3.h5", folder_ / "embeddings.shard-3-7.h5");  // other length
  std::ofstream(folder_ / "embeddings.shard-6-9.h5") << "not HDF5";
  std::ofstream(folder_ / "embeddings.shard-9-x.h5") << "not rows";

  EXPECT_THAT(collect_shards(folder_, identity_), ElementsAre(support::Range{0, 3}));
  EXPECT_THAT(files(), ElementsAre("embeddings.shard-0-3.h5"));
}

TEST_F(EmbeddingsFileTest, LeavesOtherFilesAlone) {
  std::ofstream(folder_ / "model.safetensors") << "weights";
  std::ofstream(folder_ / ".embeddings.shard-0-3.h5.77.tmp") << "another rank is writing";

  EXPECT_THAT(collect_shards(folder_, identity_), IsEmpty());
  EXPECT_THAT(files(), ElementsAre(".embeddings.shard-0-3.h5.77.tmp", "model.safetensors"));
}

TEST_F(EmbeddingsFileTest, FinishesASealThatDiedBeforeRemovingShards) {
  write({0, 11}, identity_);
  fs::copy_file(folder_ / "embeddings.shard-0-11.h5", folder_ / "kept");
  seal(folder_, identity_);
  fs::rename(folder_ / "kept", folder_ / "embeddings.shard-0-11.h5");

  seal(folder_, identity_);

  EXPECT_THAT(files(), ElementsAre("embeddings.h5"));
}

TEST_F(EmbeddingsFileTest, ShardsAreAllThatThereIsUntilTheyAreSealed) {
  write({0, 11}, identity_);
  remove_shards(folder_, EmbeddedSplit::kTest);
  EXPECT_THAT(files(), ElementsAre("embeddings.shard-0-11.h5"));
  EXPECT_FALSE(is_seal_finished(folder_, EmbeddedSplit::kTest));

  seal(folder_, identity_);
  EXPECT_TRUE(is_seal_finished(folder_, EmbeddedSplit::kTest));
  EXPECT_FALSE(is_seal_finished(folder_, EmbeddedSplit::kTrain));
  write({0, 11}, identity_);
  EXPECT_FALSE(is_seal_finished(folder_, EmbeddedSplit::kTest));
  remove_shards(folder_, EmbeddedSplit::kTest);
  EXPECT_THAT(files(), ElementsAre("embeddings.h5"));
}

TEST_F(EmbeddingsFileTest, ASealThatMustStopLeavesTheShards) {
  write({0, 4}, identity_);
  write({4, 11}, identity_);

  EXPECT_EQ(support::AnotherProcess([&](const auto&) {
              support::note_signal(SIGUSR1);
              const support::Interruptible until_asked;
              try {
                seal(folder_, identity_);
              } catch (const Interrupted&) {
                return;
              }
              throw std::runtime_error("it was sealed");
            }).exit_code(),
            0);

  EXPECT_THAT(files(), ElementsAre("embeddings.shard-0-4.h5", "embeddings.shard-4-11.h5"));
  seal(folder_, identity_);
  EXPECT_EQ(read_embeddings(folder_).values, sample_rows(0, 11, 3));
}

TEST_F(EmbeddingsFileTest, SealsAnewOverAStaleOrDamagedFile) {
  EmbeddingsIdentity earlier = identity_;
  earlier.dataset_digest = "d0";
  write({0, 11}, earlier);
  seal(folder_, earlier);
  EXPECT_FALSE(is_sealed(folder_, identity_));
  write({0, 11}, identity_);

  seal(folder_, identity_);

  EXPECT_TRUE(is_sealed(folder_, identity_));
  fs::resize_file(folder_ / "embeddings.h5", 700);
  EXPECT_FALSE(is_sealed(folder_, identity_));
}

TEST_F(EmbeddingsFileTest, RefusesNumbersThatAreNotFinite) {
  std::vector<float> values = sample_rows(0, 11, 3);
  values[7 * 3 + 1] = std::numeric_limits<float>::infinity();
  write_shard(folder_, identity_, 0, {values, {}});
  seal(folder_, identity_);

  const std::string message = message_of<InputError>([&] { read_embeddings(folder_); });

  EXPECT_THAT(message, HasSubstr("row 7 is not finite"));
}

TEST_F(EmbeddingsFileTest, RefusesToWriteRowsOutsideTheSplit) {
  EXPECT_THROW(write({9, 12}, identity_), RunError);
  EXPECT_THROW(write_shard(folder_, identity_, -1, {sample_rows(0, 1, 3), {}}), RunError);
  EXPECT_THROW(write_shard(folder_, identity_, 0, {std::vector<float>(4), {}}), RunError);
  EXPECT_THROW(write_shard(folder_, identity_, 0, {}), RunError);
}

TEST_F(EmbeddingsFileTest, TrainingImagesHaveAFileOfTheirOwn) {
  EmbeddingsIdentity training = identity_;
  training.split = EmbeddedSplit::kTrain;
  training.num_rows = 4;
  training.index = {2, 3, 50, 51};
  training.seed = 7;
  write({0, 11}, identity_);
  write({0, 3}, training);
  write({3, 4}, training);
  EXPECT_THAT(shards_in(folder_), SizeIs(3));

  seal(folder_, training);
  EXPECT_THAT(files(), ElementsAre("embeddings-train.h5", "embeddings.shard-0-11.h5"));
  seal(folder_, identity_);

  EXPECT_THAT(files(), ElementsAre("embeddings-train.h5", "embeddings.h5"));
  EXPECT_EQ(read_embeddings(folder_).identity, identity_);
  const Embeddings read = read_embeddings(folder_, EmbeddedSplit::kTrain);
  EXPECT_EQ(read.identity, training);
  EXPECT_EQ(read.values, sample_rows(0, 4, 3));
  EXPECT_TRUE(is_sealed(folder_, training));
  training.index.back() = 52;
  EXPECT_FALSE(is_sealed(folder_, training));
  verify_embeddings(folder_, EmbeddedSplit::kTrain);
}

TEST_F(EmbeddingsFileTest, RefusesTrainingImagesThatAreNone) {
  EmbeddingsIdentity training = identity_;
  training.split = EmbeddedSplit::kTrain;
  for (const std::vector<std::int64_t>& index :
       {std::vector<std::int64_t>{1, 2}, std::vector<std::int64_t>{-1, 0, 1},
        std::vector<std::int64_t>{1, 1, 2}}) {
    training.num_rows = 3;
    training.index = index;
    write_embeddings(folder_, {training, sample_rows(0, 3, 3), {}});
    EXPECT_THAT(message_of<InputError>([&] { read_identity(folder_, EmbeddedSplit::kTrain); }),
                HasSubstr("/index: does not name 3 images"));
  }
}

TEST_F(EmbeddingsFileTest, RefusesAFileUnderTheNameOfTheOther) {
  write_embeddings(folder_, {identity_, sample_rows(0, 11, 3), {}});
  fs::rename(folder_ / "embeddings.h5", folder_ / "embeddings-train.h5");
  EXPECT_THAT(message_of<InputError>([&] { read_identity(folder_, EmbeddedSplit::kTrain); }),
              HasSubstr("is embeddings.h5 under another name"));
}

TEST(MissingRows, AreTheGaps) {
  EXPECT_THAT(missing_rows(0, {}), IsEmpty());
  EXPECT_THAT(missing_rows(5, {}), ElementsAre(support::Range{0, 5}));
  EXPECT_THAT(missing_rows(5, {{0, 5}}), IsEmpty());
  EXPECT_THAT(missing_rows(7, {{1, 2}, {2, 4}, {6, 7}}),
              ElementsAre(support::Range{0, 1}, support::Range{4, 6}));
  EXPECT_THAT(missing_rows(9, {{0, 4}, {3, 6}, {7, 8}}),
              ElementsAre(support::Range{6, 7}, support::Range{8, 9}));
}

}  // namespace
}  // namespace zoetrope::store
