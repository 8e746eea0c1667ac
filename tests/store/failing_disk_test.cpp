// SPDX-License-Identifier: Apache-2.0
// Files that cannot be looked at for a moment are not damaged, and stay.
#include <cerrno>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"

#include "store/samples.hpp"
#include "store/scratch.hpp"
#include "support/failing_calls.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;
using support::Call;
using support::FailingCalls;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FailingDisk : public ScratchTest {
 protected:
  FailingDisk() { write_shard(folder_, identity_, 0, {sample_rows(0, 11, 3), {}}); }

  const EmbeddingsIdentity identity_ = sample_identity(11, 3);
  const fs::path shard_ = folder_ / "embeddings.shard-0-11.h5";
};

TEST_F(FailingDisk, AShardThatCannotBeLookedAtOnceIsWhole) {
  for (const int first : {1, 2, 3}) {
    const FailingCalls failing(Call::kLook, shard_, EIO, first, 1);
    EXPECT_THAT(collect_shards(folder_, identity_), ElementsAre(support::Range{0, 11})) << first;
    EXPECT_GT(failing.asked(), first);
  }
  EXPECT_TRUE(fs::exists(shard_));
}

// Zoetrope looks at it, HDF5 does, and zoetrope again.
TEST_F(FailingDisk, AShardThatCannotBeLookedAtStays) {
  for (const int first : {1, 2, 3}) {
    const FailingCalls failing(Call::kLook, shard_, EACCES, first);
    EXPECT_THAT(message_of<RunError>([&] { collect_shards(folder_, identity_); }),
                HasSubstr("Permission denied"));
  }
  EXPECT_TRUE(fs::exists(shard_));
}

TEST_F(FailingDisk, ShardsThatCannotBeListedAreNotMissing) {
  const FailingCalls failing(Call::kList, folder_, EMFILE);
  EXPECT_THROW(collect_shards(folder_, identity_), RunError);
}

TEST_F(FailingDisk, SealedEmbeddingsThatCannotBeLookedAtAreNotDamaged) {
  seal(folder_, identity_);
  for (const int first : {1, 2, 3}) {
    const FailingCalls failing(Call::kLook, folder_ / "embeddings.h5", ESTALE, first, 1);
    EXPECT_NO_THROW(verify_embeddings(folder_)) << first;
  }
}

TEST_F(FailingDisk, WhatIsNoResumePointAndWhatNobodyKnows) {
  const RunDirectory run{folder_};
  fs::create_directories(run.checkpoint(4));
  fs::create_directories(run.resume(3));
  EXPECT_EQ(run.newest_resume_point(9), 3);
  const FailingCalls failing(Call::kList, run.checkpoint(4), EMFILE);
  EXPECT_THROW(run.newest_resume_point(9), RunError);
}

TEST_F(FailingDisk, ATrainingRecordThatCannotBeLookedAtIsNotMissing) {
  const FailingCalls failing(Call::kLook, folder_ / "training.json", EACCES);
  EXPECT_THROW(read_training_record(folder_), RunError);
}

}  // namespace
}  // namespace zoetrope::store
