// SPDX-License-Identifier: Apache-2.0
// Attention where libtorch's operations compute it, of rows that hold query, key and value side by side.
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <gmock/gmock.h>

#include "../../src/model/cpu/engine.hpp"
#include "tensors.hpp"

namespace zoetrope::model {
namespace {

using ::testing::Contains;
using ::testing::Not;
using testing::relative_difference;

constexpr std::int64_t kHeads = 2, kTokens = 130,
                       kHidden = 32;  // the engine for cores takes up to 128 tokens

// The names of the operations that a call of `work` on this thread comes to.
std::vector<std::string> operations_of(const std::function<void()>& work) {
  static thread_local std::vector<std::string> names;
  names.clear();
  const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(
      [](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
        names.emplace_back(function.name());
        return nullptr;
      }));
  work();
  at::removeCallback(handle);
  return names;
}

at::Tensor weights_of_sum(const at::Tensor& x) {
  return at::linspace(-1, 1, x.numel(), x.options()).view(x.sizes());
}

// softmax(q k' / sqrt(D)) v, written out.
at::Tensor attend_plainly(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  const auto heads = [](const at::Tensor& x) {
    return x.view({x.size(0), x.size(1), kHeads, kHidden / kHeads}).transpose(1, 2);
  };
  const at::Tensor scores =
      at::matmul(heads(query), heads(key).transpose(2, 3)) / std::sqrt(kHidden / kHeads);
  return at::matmul(scores.softmax(3), heads(value)).transpose(1, 2).reshape(query.sizes());
}

struct Result {
  at::Tensor value, gradient;
};

TEST(Attention, OfManyTokensAndItsGradientAreThoseOfFloat64) {
  const at::Tensor exact = at::randn({2, kTokens, 3 * kHidden}, at::kDouble);
  const auto compute = [&](const auto& attend, at::ScalarType type) {
    const at::Tensor packed = exact.to(type).requires_grad_(true);
    const at::Tensor value = attend(packed);
    (value * weights_of_sum(value)).sum().backward();
    return Result{value.detach(), packed.grad()};
  };

  const Result ours = compute([](const at::Tensor& x) { return self_attention(x, kHeads); }, at::kFloat);
  const Result plain = compute(
      [](const at::Tensor& x) {
        const auto parts = x.chunk(3, 2);
        return attend_plainly(parts[0], parts[1], parts[2]);
      },
      at::kDouble);

  EXPECT_LT(relative_difference(ours.value, plain.value), 1e-5);
  EXPECT_LT(relative_difference(ours.gradient, plain.gradient), 1e-5);
}

TEST(Attention, OfOneQueryAndItsGradientAreThoseOfFloat64) {
  const at::Tensor exact = at::randn({2, kTokens, 2 * kHidden}, at::kDouble);
  const at::Tensor exact_query = at::randn({2, kHidden}, at::kDouble);
  const at::Tensor packed = exact.to(at::kFloat).requires_grad_(true),
                   plain = exact.clone().requires_grad_(true);

  const at::Tensor ours = token_attention(exact_query.to(at::kFloat), packed, kHeads);
  (ours * weights_of_sum(ours)).sum().backward();
  const auto parts = plain.chunk(2, 2);
  const at::Tensor theirs = attend_plainly(exact_query.unsqueeze(1), parts[0], parts[1]).squeeze(1);
  (theirs * weights_of_sum(theirs)).sum().backward();

  EXPECT_LT(relative_difference(ours, theirs), 1e-5);
  EXPECT_LT(relative_difference(packed.grad(), plain.grad()), 1e-5);
}

// A picked part's gradient is a tensor of the whole's size, filled with zeros: half of what attention took on
// a GPU.
TEST(Attention, PutsItsGradientsSideBySideInOnePass) {
  const at::Tensor packed = at::randn({2, kTokens, 3 * kHidden}).requires_grad_(true);
  const at::Tensor attended = self_attention(packed.to(at::kBFloat16), kHeads);
  const at::Tensor gradient = at::ones_like(attended);

  const std::vector<std::string> names = operations_of([&] { attended.backward(gradient); });

  EXPECT_EQ(std::ranges::count(names, "aten::cat"), 1);
  EXPECT_THAT(names, Not(Contains("aten::select_backward")));
  EXPECT_THAT(names, Not(Contains("aten::clone")));  // a strided copy
}

}  // namespace
}  // namespace zoetrope::model
