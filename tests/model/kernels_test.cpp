// SPDX-License-Identifier: Apache-2.0
// The kernels that a GPU runs between a layer's products, on a double of a device: alone, and in a model.
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>

#include "zoetrope/model/vit.hpp"

#include "../../src/model/bf16/check.hpp"
#include "../../src/model/forward.hpp"
#include "emulated_device.hpp"
#include "tensors.hpp"

namespace zoetrope::model {
namespace {

using ::testing::StartsWith;
namespace emulated = zoetrope::testing::emulated;

struct Widths {
  std::int64_t hidden, inner;
};

void PrintTo(const Widths& widths, std::ostream* to) {
  *to << widths.hidden << " and " << widths.inner << " columns";
}

class RowKernelsOf : public ::testing::TestWithParam<Widths> {};

// 200 columns are no multiple of what a warp takes at once, nor 96 and 264 of what a block does.
TEST_P(RowKernelsOf, ComputeWhatLibtorchsOperationsDo) {
  const auto [hidden, inner] = GetParam();
  EXPECT_EQ(find_error({emulated::make_launcher(hidden), hidden}, hidden, inner, at::kCPU), "");
}

INSTANTIATE_TEST_SUITE_P(Widths, RowKernelsOf, ::testing::Values(Widths{64, 96}, Widths{200, 264}));

// A device on which something is wrong with the launches of one kernel.
class Faulty : public KernelLauncher {
 public:
  using Fault = std::function<void(void** arguments)>;
  Faulty(std::string kernel, Fault fault) : kernel_(std::move(kernel)), fault_(std::move(fault)) {}

  void launch(const std::string& name, const Shape& shape, void** arguments) const override {
    if (name == kernel_) fault_(arguments);
    right_->launch(name, shape, arguments);
  }
  std::int64_t multiprocessors() const override { return right_->multiprocessors(); }

 private:
  std::string kernel_;
  Fault fault_;
  std::unique_ptr<emulated::Launcher> right_ = emulated::make_launcher(64);
};

template <typename T>
Faulty::Fault changing(int argument, T by) {
  return [argument, by](void** arguments) { *static_cast<T*>(arguments[argument]) += by; };
}

struct Wrong {
  std::string kernel;
  Faulty::Fault fault;
  std::string found;
};

void PrintTo(const Wrong& wrong, std::ostream* to) {
  *to << wrong.kernel << ", which is found as " << wrong.found;
}

class WrongKernels : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongKernels, AreFound) {
  const auto& [kernel, fault, found] = GetParam();
  const RowKernels kernels(std::make_unique<Faulty>(kernel, fault), 64);
  EXPECT_THAT(find_error(kernels, 64, 96, at::kCPU), StartsWith(found));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, WrongKernels,
    ::testing::Values(Wrong{"add_norm", [](void** a) { std::swap(a[3], a[4]); },
                            "add_norm is off by "},                                  // weight and shift
                      Wrong{"add_norm", changing(6, 0.01F), "add_norm is off by "},  // eps
                      Wrong{"add_norm_gradient",
                            [](void** a) { *static_cast<const float**>(a[1]) = nullptr; },
                            "add_norm: the gradient of the sum is off by "},
                      Wrong{"add_norm_gradient", [](void** a) { *static_cast<int*>(a[5]) -= 3; },  // rows
                            "add_norm: the gradient"},
                      Wrong{"add_partial_sums", changing(1, -1), "add_norm: the gradients of the parameters"},
                      Wrong{"bias_gelu", changing(2, -1LL), "bias_gelu is off by "},
                      Wrong{"bias_gelu_gradient", [](void** a) { std::swap(a[0], a[1]); },
                            "bias_gelu: the gradient is off by "}));

// A model whose weights are far from a random start's, so that every term counts.
Vit make_model(Family family) {
  VitConfig config;
  config.family = family;
  config.hidden_size = 64;
  config.num_hidden_layers = 3;
  config.num_attention_heads = 2;
  config.intermediate_size = 96;
  config.patch_size = 2;
  config.image_size = 8;
  config.num_channels = 1;
  config.id2label.assign(5, "x");
  Vit model(config);
  at::manual_seed(7);
  model.flat().normal_(0, 0.2);
  return model;
}

struct Results {
  at::Tensor logits;
  at::Tensor gradient;  // flat layout
};

Results compute(const Vit& model, const at::Tensor& pixels, const at::Tensor& rounded,
                const KernelsPointer& kernels, int times = 1) {
  const Vit replica = model.replica();
  const Architecture architecture = describe(model.config());
  const at::Tensor gradient = at::zeros_like(model.flat());
  for (std::size_t i = 0; i < replica.tensors().size(); ++i) {
    const Parameter& parameter = replica.parameters()[i];
    replica.tensors()[i].mutable_grad() =
        gradient.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
  }
  const Forward forward(model.config(), architecture, replica.tensors(), rounded, kernels);
  at::Tensor logits;
  for (int i = 0; i < times; ++i) {
    logits = forward.classify(forward.features(pixels)).to(at::kFloat);
    (logits * at::linspace(-1, 1, logits.numel()).view(logits.sizes())).sum().backward();
  }
  return {logits.detach(), gradient};
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

class ModelWithKernels : public ::testing::TestWithParam<Family> {
 protected:
  Vit model_ = make_model(GetParam());
  at::Tensor pixels_ = at::randn({5, 1, 8, 8});
  at::Tensor rounded_ = model_.rounded(Precision::kBFloat16);
  KernelsPointer kernels_ = c10::make_intrusive<RowKernels>(emulated::make_launcher(64), 64);
};

TEST_P(ModelWithKernels, IsAsCloseToFloat32AsWithLibtorchsOperations) {
  const Results exact = compute(model_, pixels_, {}, {});
  const Results operations = compute(model_, pixels_, rounded_, {});
  const Results ours = compute(model_, pixels_, rounded_, kernels_);

  EXPECT_GT(distance(operations.gradient, exact.gradient), 1e-3);  // bfloat16 was in effect
  EXPECT_LT(distance(ours.logits, exact.logits), 1.2 * distance(operations.logits, exact.logits));
  EXPECT_LT(distance(ours.gradient, exact.gradient), 1.2 * distance(operations.gradient, exact.gradient));
}

TEST_P(ModelWithKernels, AddsToGradientsThatAreThere) {
  const Results once = compute(model_, pixels_, rounded_, kernels_);
  const Results twice = compute(model_, pixels_, rounded_, kernels_, 2);

  EXPECT_LT(distance(twice.gradient, 2 * once.gradient), 1e-5);
}

TEST_P(ModelWithKernels, GivesTheSameBitsWithoutAGraph) {
  const Architecture architecture = describe(model_.config());
  const Forward forward(model_.config(), architecture, model_.tensors(), rounded_, kernels_);

  const at::Tensor with_graph = forward.features(pixels_).detach();
  const c10::NoGradGuard no_grad;

  EXPECT_TRUE(at::equal(forward.features(pixels_), with_graph));
}

INSTANTIATE_TEST_SUITE_P(Families, ModelWithKernels, ::testing::Values(Family::kVit, Family::kDinov2));

TEST(RowKernels, TakeRowsThatAWarpHolds) {
  EXPECT_TRUE(RowKernels::can_take(768, 3072));
  EXPECT_FALSE(RowKernels::can_take(770, 3072));
  EXPECT_FALSE(RowKernels::can_take(2048, 8192));
  EXPECT_FALSE(RowKernels::can_take(768, 3076));
}

}  // namespace
}  // namespace zoetrope::model
