// SPDX-License-Identifier: Apache-2.0
// Gradients are summed over replicas and ranks, those of the last parameters first.
#include "gradient_reducer.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/comm/testing.hpp"
#include "zoetrope/model/folder.hpp"

#include "training_data.hpp"

namespace zoetrope::train {
namespace {

using testing::golden;

// Keeps what is to be summed, of a rank that is not alone.
class RecordingCommunicator final : public comm::Communicator {
 public:
  std::vector<at::Tensor> sent;

  int rank() const override { return 0; }
  int size() const override { return 2; }
  std::string backend() const override { return "recording"; }
  void broadcast(at::Tensor, int) override {}
  void all_reduce(at::Tensor, comm::ReduceOp) override {}
  void reduce(at::Tensor, int, comm::ReduceOp) override {}
  at::Tensor gather(const at::Tensor& piece, int) override { return piece; }
  at::Tensor all_gather(const at::Tensor& piece) override { return piece; }
  void barrier() override {}
  std::unique_ptr<comm::Work> all_reduce_async(at::Tensor tensor, comm::ReduceOp) override {
    struct Done final : comm::Work {
      void wait() override {}
    };
    sent.push_back(std::move(tensor));
    return std::make_unique<Done>();
  }
  std::unique_ptr<comm::Communicator> split(int) override { return nullptr; }
};

// How many buckets a step sends, which begin with the last parameters and leave none out.
std::size_t buckets_from_last_to_first(BucketSizes sizes) {
  const model::Vit model = model::load_checkpoint(golden("vit-tiny"));
  const auto preprocessor = testing::golden_preprocessor();
  const at::Tensor pixels =
      preprocess::normalize(testing::golden_images(2).pixels, at::arange(2), preprocessor);
  auto replicas = make_replicas(model, at::zeros_like(model.flat()), 1);
  RecordingCommunicator communicator;
  GradientReducer reducer(replicas, communicator, {}, sizes);

  reducer.expect_backward(1);
  replicas[0].model.logits(pixels).sum().backward();
  EXPECT_FALSE(communicator.sent.empty()) << "before backward has ended";
  const float* first = reducer.finish().const_data_ptr<float>();

  std::int64_t end = model.flat().numel();
  for (const at::Tensor& bucket : communicator.sent) {
    const std::int64_t begin = bucket.const_data_ptr<float>() - first;
    EXPECT_EQ(begin + bucket.numel(), end);
    end = begin;
  }
  EXPECT_EQ(end, 0);
  return communicator.sent.size();
}

TEST(GradientReducer, SendsParametersFromTheLastToTheFirst) {
  EXPECT_EQ(buckets_from_last_to_first({}), 1U);
  EXPECT_GT(buckets_from_last_to_first({1024, 4096}), 5U);
}

// The gradient over all images, computed in one piece.
at::Tensor reference_gradient(const preprocess::PixelStore& images,
                              const preprocess::PreprocessorConfig& preprocessor) {
  const model::Vit model = model::load_checkpoint(golden("vit-tiny"));
  auto replicas = make_replicas(model, at::zeros_like(model.flat()), 1);
  const at::Tensor pixels =
      preprocess::normalize(images.pixels, at::arange(images.labels.size(0)), preprocessor);
  at::cross_entropy_loss(replicas[0].model.logits(pixels), images.labels).backward();
  return replicas[0].gradient;
}

struct Split {
  int ranks;
  int replicas;
};

class ReducedGradient : public ::testing::TestWithParam<Split> {};

// Small buckets: many all-reduces are under way while backward goes on.
TEST_P(ReducedGradient, IsTheGradientOfTheWholeBatch) {
  const auto images = testing::golden_images(24);
  const auto preprocessor = testing::golden_preprocessor();
  const at::Tensor expected = reference_gradient(images, preprocessor);
  const auto [ranks, num_replicas] = GetParam();
  const std::int64_t share = 24 / ranks / num_replicas;

  comm::run_as_thread_ranks(ranks, [&, replica_count = num_replicas](comm::Communicator& communicator) {
    const model::Vit model = model::load_checkpoint(golden("vit-tiny"));
    auto replicas = make_replicas(model, at::zeros_like(model.flat()), replica_count);
    GradientReducer reducer(replicas, communicator, {}, {1024, 4096});
    for (int repeat = 0; repeat < 3; ++repeat) {  // the buffers are used again
      reducer.zero();
      reducer.expect_backward(replica_count);
      for (int replica = 0; replica < replica_count; ++replica) {
        const std::int64_t first = (communicator.rank() * replica_count + replica) * share;
        const at::Tensor rows = at::arange(first, first + share);
        const at::Tensor pixels = preprocess::normalize(images.pixels, rows, preprocessor);
        const at::Tensor logits = replicas[static_cast<std::size_t>(replica)].model.logits(pixels);
        (at::cross_entropy_loss(logits, images.labels.index_select(0, rows), {}, at::Reduction::Sum) / 24)
            .backward();
      }
      const double difference = testing::largest_difference(reducer.finish(), expected);
      EXPECT_LT(difference, 1e-5) << "rank " << communicator.rank() << ", repeat " << repeat;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Splits, ReducedGradient,
                         ::testing::Values(Split{1, 1}, Split{1, 3}, Split{2, 1}, Split{2, 2}, Split{4, 1},
                                           Split{3, 2}));

}  // namespace
}  // namespace zoetrope::train
