// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/mapped_embeddings.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "store/samples.hpp"
#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using ::testing::HasSubstr;

class MappedEmbeddingsTest : public ScratchTest {};

TEST_F(MappedEmbeddingsTest, HoldWhatIsRead) {
  EmbeddingsIdentity identity = sample_identity(7001, 768);
  identity.num_classes = 2;
  const Classifier classifier{sample_rows(11, 13, 768), {0.5F, -0.5F}};
  write_shard(folder_, identity, 0, {sample_rows(0, 7001, 768), sample_rows(1, 7002, 2), classifier});
  seal(folder_, identity);

  const MappedEmbeddings mapped(folder_);

  EXPECT_EQ(mapped.identity(), identity);
  EXPECT_TRUE(std::ranges::equal(mapped.values(), sample_rows(0, 7001, 768)));
  EXPECT_TRUE(std::ranges::equal(mapped.logits(), sample_rows(1, 7002, 2)));
  EXPECT_EQ(mapped.classifier().weight, classifier.weight);
  EXPECT_EQ(mapped.classifier().bias, classifier.bias);
}

TEST_F(MappedEmbeddingsTest, RefuseARowThatIsNotFinite) {
  std::vector<float> values = sample_rows(0, 900, 768);
  values[768 * 700 + 3] = std::numeric_limits<float>::infinity();
  write_embeddings(folder_, {sample_identity(900, 768), std::move(values), {}});

  EXPECT_THAT(message_of<InputError>([&] { MappedEmbeddings{folder_}; }), HasSubstr("row 700 is not finite"));
}

}  // namespace
}  // namespace zoetrope::store
