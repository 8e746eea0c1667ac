// SPDX-License-Identifier: Apache-2.0
// Numbers that are none in any dataset of embeddings, with a digest or, as older versions wrote them,
// without.
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/store/mapped_embeddings.hpp"
#include "zoetrope/support/error.hpp"

#include "embeddings_shards.hpp"
#include "hdf5.hpp"
#include "store/samples.hpp"
#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

class FiniteEmbeddingsTest : public ScratchTest {
 protected:
  FiniteEmbeddingsTest() { identity_.num_classes = 2; }

  // embeddings.h5, or a shard of all rows, without a digest.
  void write_undigested(const std::string& name, const EmbeddedRows& rows) const {
    std::filesystem::remove(folder_ / name);
    Hdf5File file = Hdf5File::create(folder_ / name);
    file.write(kEmbeddings, std::span(rows.embeddings), {3, 2});
    file.write(kLogits, std::span(rows.logits), {3, 2});
    write_classifier(file, identity_, rows.classifier);
    write_identity(file, identity_);
    if (name != "embeddings.h5") file.set_attribute("/", "first_row", std::int64_t{0});
    file.close();
  }
  // A value of each dataset that is none, and what is said of it.
  std::vector<std::pair<EmbeddedRows, std::string>> damaged() const {
    std::vector<std::pair<EmbeddedRows, std::string>> all(
        4, {rows_, ": row 1 is not finite: the training diverged"});
    all[0].first.embeddings[3] = kNone, all[0].second.insert(0, "/embeddings");
    all[1].first.logits[2] = kNone, all[1].second.insert(0, "/logits");
    all[2].first.classifier.weight[2] = kNone, all[2].second.insert(0, "/classifier_weight");
    all[3].first.classifier.bias[1] = -std::numeric_limits<float>::infinity();
    all[3].second.insert(0, "/classifier_bias");
    return all;
  }

  EmbeddingsIdentity identity_ = sample_identity(3, 2);
  const EmbeddedRows rows_{
      sample_rows(0, 3, 2), sample_rows(3, 6, 2), {sample_rows(11, 13, 2), {0.5F, -0.5F}}};
};

TEST_F(FiniteEmbeddingsTest, AreAllThatIsReadWithoutADigest) {
  write_undigested("embeddings.h5", rows_);
  EXPECT_NO_THROW(verify_embeddings(folder_));
  EXPECT_EQ(MappedEmbeddings(folder_).identity(), identity_);
  for (const auto& [rows, told] : damaged()) {
    write_undigested("embeddings.h5", rows);
    EXPECT_THAT(message_of<InputError>([&] { verify_embeddings(folder_); }), HasSubstr(told));
    EXPECT_THAT(message_of<InputError>([&] { read_embeddings(folder_); }), HasSubstr(told));
    EXPECT_THAT(message_of<InputError>([&] { MappedEmbeddings{folder_}; }), HasSubstr(told));
  }
}

TEST_F(FiniteEmbeddingsTest, AreAllThatIsReadWithADigest) {
  for (const auto& [rows, told] : damaged()) {
    std::filesystem::remove(folder_ / "embeddings.h5");
    write_shard(folder_, identity_, 0, rows);
    seal(folder_, identity_);
    EXPECT_THAT(message_of<InputError>([&] { read_embeddings(folder_); }), HasSubstr(told));
    EXPECT_THAT(message_of<InputError>([&] { MappedEmbeddings{folder_}; }), HasSubstr(told));
  }
}

TEST_F(FiniteEmbeddingsTest, OfAShardWithoutADigestAreComputedAgainWhereTheyAreNone) {
  const std::string name = "embeddings.shard-0-3.h5";
  write_undigested(name, rows_);
  EXPECT_EQ(collect_shards(folder_, identity_), (std::vector<support::Range>{{0, 3}}));
  for (const auto& [rows, told] : damaged()) {
    write_undigested(name, rows);
    EXPECT_THAT(message_of<InputError>([&] { verify_shard(folder_ / name); }), HasSubstr(told));
    EXPECT_THAT(collect_shards(folder_, identity_), IsEmpty());
  }
}

}  // namespace
}  // namespace zoetrope::store
