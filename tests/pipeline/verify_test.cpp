// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/verify.hpp"

#include <cerrno>
#include <fstream>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/support/files.hpp"

#include "store/samples.hpp"
#include "store/scratch.hpp"
#include "support/failing_calls.hpp"

namespace zoetrope::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kImages = 4, kColumns = 3;

// A run of one checkpoint, whose model is gone, and its analysis.
class VerifyTest : public store::ScratchTest {
 protected:
  void SetUp() override {
    identity_.step = 0;
    fs::create_directory(checkpoint_);
    embed(0);
    store::Analysis analysis = store::sample_analysis(1, kImages, 1);
    analysis.epoch = {identity_.epoch};
    analysis.embeddings_digest = {store::read_header(checkpoint_).content_digest};
    store::write_analysis(folder_ / "analysis.h5", analysis);
  }

  // Rows that begin at `start` in place of those of now.
  void embed(std::int64_t start) const {
    fs::remove(checkpoint_ / "embeddings.h5");
    store::write_shard(checkpoint_, identity_, 0, {store::sample_rows(start, start + kImages, kColumns), {}});
    store::seal(checkpoint_, identity_);
  }

  const fs::path checkpoint_ = folder_ / "checkpoint-0";
  store::EmbeddingsIdentity identity_ = store::sample_identity(kImages, kColumns);
};

TEST_F(VerifyTest, AnAnalysisIsOfTheValuesThatAreThere) {
  EXPECT_THAT(verify(folder_).lines, IsEmpty());
  embed(1);
  EXPECT_THAT(verify(folder_).lines,
              ElementsAre(AllOf(HasSubstr("analysis.h5: is not of checkpoint-0's embeddings"),
                                HasSubstr("zoetrope analyze makes it again"))));
}

TEST_F(VerifyTest, ShardsAreLookedAt) {
  store::write_shard(checkpoint_, identity_, 0, {store::sample_rows(0, kImages, kColumns), {}});
  EXPECT_THAT(verify(folder_).lines, IsEmpty());

  const fs::path shard = checkpoint_ / "embeddings.shard-0-4.h5";
  const std::string whole = support::read_file(shard);
  std::ofstream(shard, std::ios::binary) << whole.substr(0, whole.size() - 10);
  EXPECT_THAT(verify(folder_).lines,
              ElementsAre(AllOf(HasSubstr(shard.string()), HasSubstr("zoetrope extract computes its rows"))));
}

TEST_F(VerifyTest, OptionsThatACrashHasEmptiedAreNamed) {
  for (const std::string& text : {std::string(), std::string(300, '\0'), std::string(" \n")}) {
    std::ofstream(folder_ / "run.ini", std::ios::binary) << text;
    EXPECT_THAT(verify(folder_).lines, ElementsAre(HasSubstr("run.ini: is empty")));
  }
}

// Training cannot go on from an optimizer alone. Of an older one the model may be gone.
TEST_F(VerifyTest, TheNewestResumePointNeedsItsModel) {
  for (const char* name : {"checkpoint-0", "resume-3"}) {
    fs::create_directory(folder_ / name);
    store::write_safetensors(folder_ / name / "optimizer.safetensors", {{"x", at::ones({2})}},
                             {{"step", name[0] == 'c' ? "0" : "3"}});
  }
  const auto is_missing = [](const std::string& name) {
    return AllOf(HasSubstr((fs::path(name) / "model.safetensors").string()),
                 HasSubstr("is missing beside optimizer.safetensors"), HasSubstr("older resume point"));
  };
  EXPECT_THAT(verify(folder_).lines, ::testing::Contains(is_missing("resume-3")));
  EXPECT_THAT(verify(folder_).lines, ::testing::Not(::testing::Contains(is_missing("checkpoint-0"))));
  fs::remove_all(folder_ / "resume-3");
  EXPECT_THAT(verify(folder_).lines, ::testing::Contains(is_missing("checkpoint-0")));
}

TEST_F(VerifyTest, AFileThatCannotBeReadNowIsNotDamaged) {
  const support::FailingCalls failing(support::Call::kOpen, checkpoint_ / "embeddings.h5", EACCES);
  const Verification found = verify(checkpoint_ / "embeddings.h5");
  EXPECT_THAT(found.lines, IsEmpty());
  EXPECT_THAT(found.unread, ElementsAre(HasSubstr("embeddings.h5: cannot be opened: Permission denied")));
}

}  // namespace
}  // namespace zoetrope::pipeline
