// SPDX-License-Identifier: Apache-2.0
#include "check.hpp"

#include <array>
#include <cstdio>
#include <tuple>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

namespace zoetrope::model {

namespace {

constexpr std::int64_t kRows =
    1003;  // no multiple of what a block takes, and several times what all take at once
constexpr double kEps = 1e-6;

// Of what rounding to bfloat16 once does (2^-9 of a number), and of float32 sums over all rows or a row.
constexpr double kRoundedBound = 1.0 / 256, kSumBound = 1e-4;

class Check {
 public:
  Check(const RowKernels& kernels, std::int64_t hidden, std::int64_t inner, at::Device device)
      : kernels_(kernels), hidden_(hidden), inner_(inner), device_(device) {}

  std::string run() {
    check_norm(/*with_branch=*/true);
    check_norm(/*with_branch=*/false);
    check_gelu();
    return error_;
  }

 private:
  at::Tensor random(at::IntArrayRef sizes) {
    return at::randn(sizes, generator_).to(device_);  // drawn on the host: nobody else's numbers change
  }
  at::Tensor random_rounded(std::int64_t columns) { return random({kRows, columns}).to(at::kBFloat16); }

  // Element by element, relative to its size and to that of all elements.
  void compare(const std::string& what, const at::Tensor& actual, const at::Tensor& expected) {
    if (!error_.empty()) return;
    const double bound = actual.scalar_type() == at::kBFloat16 ? kRoundedBound : kSumBound;
    const at::Tensor size = expected.abs() + expected.square().mean().sqrt();
    const double off = ((actual.to(at::kFloat) - expected).abs() / size).max().item<double>();
    if (off <= bound) return;  // and not where it is NaN
    std::array<char, 64> numbers{};
    std::snprintf(numbers.data(), numbers.size(), " is off by %.2g, more than %.2g", off, bound);
    error_ = what + numbers.data();
  }

  void check_norm(bool with_branch) {
    const std::string kernel = with_branch ? "add_norm" : "add_norm without a branch";
    const at::Tensor residual = random({kRows, hidden_}) + 1;
    const at::Tensor branch = with_branch ? random_rounded(hidden_) : at::Tensor();
    const at::Tensor bias = with_branch ? random({hidden_}) : at::Tensor();
    const at::Tensor weight = random({hidden_}) + 1, shift = random({hidden_});
    const RowKernels::Normed ours = kernels_.add_norm(residual, branch, bias, weight, shift, kEps);

    const at::Tensor sum = with_branch ? residual + branch.to(at::kFloat) + bias : residual;
    const auto [normed, mean, inv_deviation] = at::native_layer_norm(sum, {hidden_}, weight, shift, kEps);
    compare(kernel + ": the sum", ours.sum, sum);
    compare(kernel, ours.normed, normed);
    compare(kernel + ": the moments", ours.moments, at::cat({mean, inv_deviation}, 1));

    const at::Tensor grad_normed = random_rounded(hidden_);
    const at::Tensor grad_sum = with_branch ? random({kRows, hidden_}) : at::Tensor();
    const at::Tensor sums = at::ones({3, hidden_}, residual.options());
    float* const to = sums.mutable_data_ptr<float>();
    const RowKernels::SumGradient gradient =
        kernels_.add_norm_gradient(ours, weight, grad_normed, grad_sum, with_branch,
                                   {to, to + hidden_, with_branch ? to + 2 * hidden_ : nullptr});
    auto [of_sum, of_weight, of_shift] = at::native_layer_norm_backward(
        grad_normed.to(at::kFloat), sum, {hidden_}, mean, inv_deviation, weight, shift, {true, true, true});
    if (with_branch) of_sum = of_sum + grad_sum;
    const at::Tensor of_bias = with_branch ? of_sum.sum(0) : at::zeros_like(of_shift);
    compare(kernel + ": the gradient of the sum", gradient.sum, of_sum);
    if (with_branch) compare(kernel + ": the gradient of the branch", gradient.branch, of_sum);
    compare(kernel + ": the gradients of the parameters", sums,
            at::stack({of_weight, of_shift, of_bias}) + 1);
  }

  void check_gelu() {
    const at::Tensor x = random_rounded(inner_), bias = random({inner_}), grad = random_rounded(inner_);
    compare("bias_gelu", kernels_.bias_gelu(x, bias), at::gelu(x.to(at::kFloat) + bias));

    const at::Tensor sums = at::ones_like(bias);
    const at::Tensor gradient = kernels_.bias_gelu_gradient(grad, x, bias, sums.mutable_data_ptr<float>());
    const at::Tensor expected = at::gelu_backward(grad.to(at::kFloat), x.to(at::kFloat) + bias);
    compare("bias_gelu: the gradient", gradient, expected);
    compare("bias_gelu: the gradient of the bias", sums, expected.sum(0) + 1);
  }

  const RowKernels& kernels_;
  std::int64_t hidden_, inner_;
  at::Device device_;
  at::Generator generator_ = at::make_generator<at::CPUGeneratorImpl>(1);
  std::string error_;
};

}  // namespace

std::string find_error(const RowKernels& kernels, std::int64_t hidden, std::int64_t inner,
                       at::Device device) {
  const c10::NoGradGuard no_grad;
  return Check(kernels, hidden, inner, device).run();
}

}  // namespace zoetrope::model
