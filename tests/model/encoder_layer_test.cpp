// SPDX-License-Identifier: Apache-2.0
// With one thread, layers of a small model are computed as one node; with more, by libtorch's operations one
// by one.
#include <ostream>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "zoetrope/model/vit.hpp"

#include "tensors.hpp"

namespace zoetrope::model {
namespace {

using zoetrope::testing::relative_difference;

struct Shape {
  std::int64_t hidden, heads, inner, side;
  bool qkv_bias = true;
};

void PrintTo(const Shape& shape, std::ostream* to) {
  *to << "hidden " << shape.hidden << ", heads " << shape.heads << ", " << shape.side * shape.side
      << " patches, qkv_bias " << shape.qkv_bias;
}

struct Threads {
  explicit Threads(int count) : before(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before); }
  int before;
};

struct Results {
  at::Tensor logits;
  std::vector<at::Tensor> gradients;
};

Results compute(const Vit& model, const at::Tensor& pixels, int threads) {
  const Threads scope(threads);
  const Vit replica = model.replica();
  const at::Tensor logits = replica.logits(pixels);
  (logits * at::linspace(-1, 1, logits.numel()).view(logits.sizes())).sum().backward();
  Results results{logits.detach(), {}};
  for (const at::Tensor& tensor : replica.tensors()) results.gradients.push_back(tensor.grad());
  return results;
}

class EncoderLayer : public ::testing::TestWithParam<Shape> {
 protected:
  // Weights are far from a random start's, so that every term of the gradient counts.
  static Vit make_model() {
    const Shape& shape = GetParam();
    VitConfig config;
    config.hidden_size = shape.hidden;
    config.num_hidden_layers = 3;
    config.num_attention_heads = shape.heads;
    config.intermediate_size = shape.inner;
    config.patch_size = 2;
    config.image_size = 2 * shape.side;
    config.num_channels = 1;
    config.qkv_bias = shape.qkv_bias;
    config.id2label.assign(5, "x");
    Vit model(config);
    at::manual_seed(7);
    model.flat().normal_(0, 0.3);
    return model;
  }
};

TEST_P(EncoderLayer, EqualsItsOperationsOneByOne) {
  const Vit model = make_model();
  const at::Tensor pixels = at::randn({3, 1, 2 * GetParam().side, 2 * GetParam().side});

  const Results fused = compute(model, pixels, 1), separate = compute(model, pixels, 2);

  EXPECT_LT(relative_difference(fused.logits, separate.logits), 1e-5);
  for (std::size_t i = 0; i < separate.gradients.size(); ++i)
    EXPECT_LT(relative_difference(fused.gradients[i], separate.gradients[i]), 2e-5)
        << model.parameters()[i].parts.front().name;
}

TEST_P(EncoderLayer, AddsToGradientsThatAreThere) {
  const Threads scope(1);
  const Vit model = make_model();
  const at::Tensor pixels = at::randn({2, 1, 2 * GetParam().side, 2 * GetParam().side});
  const Vit once = model.replica(), twice = model.replica();
  for (const at::Tensor& tensor : twice.tensors()) tensor.mutable_grad() = at::ones_like(tensor);

  once.logits(pixels).sum().backward();
  for (int i = 0; i < 2; ++i) twice.logits(pixels).sum().backward();

  for (std::size_t i = 0; i < once.tensors().size(); ++i)
    EXPECT_LT(relative_difference(twice.tensors()[i].grad(), 1 + 2 * once.tensors()[i].grad()), 1e-5)
        << model.parameters()[i].parts.front().name;
}

TEST_P(EncoderLayer, GivesTheSameWithoutAGraph) {
  const Threads scope(1);
  const Vit model = make_model();
  const at::Tensor pixels = at::randn({2, 1, 2 * GetParam().side, 2 * GetParam().side});

  const at::Tensor with_graph = model.logits(pixels).detach();
  const at::NoGradGuard no_grad;

  EXPECT_TRUE(model.logits(pixels).allclose(with_graph, 1e-5, 1e-6));  // gelu is approximated in another way
}

// 2 to 128 tokens have an attention kernel of their own; 145 do not, nor have heads of 12.
INSTANTIATE_TEST_SUITE_P(Shapes, EncoderLayer,
                         ::testing::Values(Shape{8, 1, 8, 1}, Shape{32, 4, 64, 2}, Shape{128, 4, 512, 4},
                                           Shape{64, 2, 40, 5, false}, Shape{64, 1, 128, 8},
                                           Shape{256, 2, 64, 11}, Shape{16, 2, 32, 12}, Shape{24, 2, 48, 3},
                                           Shape{32, 2, 20, 3}));

}  // namespace
}  // namespace zoetrope::model
