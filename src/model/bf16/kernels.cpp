// SPDX-License-Identifier: Apache-2.0
#include "kernels.hpp"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

namespace zoetrope::model {

namespace {

// As ../cuda/row_kernels.cu has them.
constexpr int kLanes = 32, kWarps = 4, kWide = 8, kSlices = 8;
constexpr std::int64_t kRowVector = 4;
constexpr std::int64_t kWidestRow = 1536;  // what a warp's registers hold with its columns' sums

// Column sums are taken over each block's rows and then over blocks: enough rows for each warp, and as many
// blocks as a device takes at once (__launch_bounds__).
constexpr std::int64_t kRowsOfWarp = 8;
constexpr std::int64_t kGeluBlocks = 4;  // of a multiprocessor
std::int64_t norm_blocks(std::int64_t hidden) {
  return hidden <= 768 ? 3 : 2;
}

using Bits = unsigned short;  // of a bfloat16

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

std::int64_t num_blocks(std::int64_t rows, int warps, std::int64_t most) {
  return std::clamp<std::int64_t>(rows / (warps * kRowsOfWarp), 1, most);
}

const float* floats(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}

float* mutable_floats(const at::Tensor& x) {
  return x.defined() ? x.mutable_data_ptr<float>() : nullptr;
}

const Bits* bits(const at::Tensor& x) {
  return x.defined() ? reinterpret_cast<const Bits*>(x.const_data_ptr<at::BFloat16>()) : nullptr;
}

Bits* mutable_bits(const at::Tensor& x) {
  return x.defined() ? reinterpret_cast<Bits*>(x.mutable_data_ptr<at::BFloat16>()) : nullptr;
}

// The arguments have the types of the kernel's parameters.
template <typename... Arguments>
void launch(const KernelLauncher& launcher, const std::string& name, const KernelLauncher::Shape& shape,
            Arguments... arguments) {
  if (shape.grid_x == 0) return;  // no rows
  std::array<void*, sizeof...(arguments)> pointers = {static_cast<void*>(&arguments)...};
  launcher.launch(name, shape, pointers.data());
}

// partial [rows, parts, columns], added up over rows.
void add_partial_sums(const KernelLauncher& launcher, const at::Tensor& partial,
                      const std::array<float*, 3>& to) {
  launch(launcher, "add_partial_sums",
         {.grid_x = divide_up(partial.size(2), kLanes),
          .grid_y = partial.size(1),
          .block_x = kLanes,
          .block_y = kLanes},
         floats(partial), static_cast<int>(partial.size(0)), static_cast<int>(partial.size(2)), to[0], to[1],
         to[2]);
}

}  // namespace

bool RowKernels::can_take(std::int64_t hidden, std::int64_t inner) {
  return hidden % kRowVector == 0 && hidden <= kWidestRow && inner % kWide == 0;
}

RowKernels::Normed RowKernels::add_norm(const at::Tensor& residual, const at::Tensor& branch,
                                        const at::Tensor& bias, const at::Tensor& weight,
                                        const at::Tensor& shift, double eps) const {
  const std::int64_t rows = residual.size(0);
  const Normed result{branch.defined() ? at::empty_like(residual) : residual,
                      at::empty({rows, hidden_}, residual.options().dtype(at::kBFloat16)),
                      at::empty({rows, 2}, residual.options())};
  launch(*launcher_, "add_norm", {.grid_x = divide_up(rows, kWarps), .block_x = kWarps * kLanes},
         floats(residual), bits(branch), floats(bias), floats(weight), floats(shift), static_cast<int>(rows),
         static_cast<float>(eps), branch.defined() ? mutable_floats(result.sum) : nullptr,
         mutable_bits(result.normed), mutable_floats(result.moments));
  return result;
}

RowKernels::SumGradient RowKernels::add_norm_gradient(const Normed& kept, const at::Tensor& weight,
                                                      const at::Tensor& grad_normed,
                                                      const at::Tensor& grad_sum, bool with_branch,
                                                      const NormGradientSums& to) const {
  const std::int64_t rows = kept.sum.size(0),
                     blocks = num_blocks(rows, kWarps, norm_blocks(hidden_) * launcher_->multiprocessors());
  const SumGradient result{at::empty_like(kept.sum),
                           with_branch ? at::empty_like(grad_normed) : at::Tensor()};
  const at::Tensor partial = at::empty({blocks, 3, hidden_}, kept.sum.options());
  launch(*launcher_, "add_norm_gradient", {.grid_x = blocks, .block_x = kWarps * kLanes}, bits(grad_normed),
         floats(grad_sum), floats(kept.sum), floats(kept.moments), floats(weight), static_cast<int>(rows),
         mutable_floats(result.sum), mutable_bits(result.branch), mutable_floats(partial));
  add_partial_sums(*launcher_, partial, {to.weight, to.shift, to.bias});
  return result;
}

at::Tensor RowKernels::bias_gelu(const at::Tensor& x, const at::Tensor& bias) const {
  constexpr int kThreads = 256;
  const at::Tensor result = at::empty_like(x);
  const long long vectors = x.numel() / kWide;
  launch(*launcher_, "bias_gelu", {.grid_x = divide_up(vectors, kThreads), .block_x = kThreads}, bits(x),
         floats(bias), vectors, static_cast<int>(x.size(1)), mutable_bits(result));
  return result;
}

at::Tensor RowKernels::bias_gelu_gradient(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& bias,
                                          float* to) const {
  const std::int64_t rows = x.size(0), columns = x.size(1);
  const std::int64_t strips = divide_up(columns, std::int64_t{kLanes} * kWide);
  const std::int64_t blocks =
      num_blocks(rows, kSlices, divide_up(kGeluBlocks * launcher_->multiprocessors(), strips));
  const at::Tensor result = at::empty_like(x), partial = at::empty({blocks, 1, columns}, bias.options());
  launch(*launcher_, "bias_gelu_gradient", {.grid_x = strips, .grid_y = blocks, .block_x = kSlices * kLanes},
         bits(grad), bits(x), floats(bias), static_cast<int>(rows), static_cast<int>(columns),
         mutable_bits(result), mutable_floats(partial));
  add_partial_sums(*launcher_, partial, {to, nullptr, nullptr});
  return result;
}

}  // namespace zoetrope::model
