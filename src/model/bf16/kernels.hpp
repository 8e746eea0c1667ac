// SPDX-License-Identifier: Apache-2.0
// The passes over rows between a layer's matrix products as kernels of our own (../cuda/row_kernels.cu),
// outside the graph: each reads and writes every row once. Shapes: R rows, H hidden, I inner columns of an
// MLP.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace zoetrope::model {

// Where the kernels run: a device, or its double in tests.
class KernelLauncher {
 public:
  struct Shape {
    std::int64_t grid_x = 1, grid_y = 1;
    int block_x = 1, block_y = 1;
  };

  KernelLauncher() = default;
  virtual ~KernelLauncher() = default;
  KernelLauncher(const KernelLauncher&) = delete;
  KernelLauncher& operator=(const KernelLauncher&) = delete;

  // Queues kernel `name` on the current stream. `arguments` point to values of its parameters' types.
  virtual void launch(const std::string& name, const Shape& shape, void** arguments) const = 0;
  // What takes blocks side by side.
  virtual std::int64_t multiprocessors() const = 0;
};

// Where the gradients of one pass's parameters are added, float32.
struct NormGradientSums {
  float* weight = nullptr;  // [H]
  float* shift = nullptr;
  float* bias = nullptr;  // may be null
};

class RowKernels : public torch::CustomClassHolder {
 public:
  // `launcher` has the kernels compiled for rows of `hidden` columns.
  RowKernels(std::unique_ptr<const KernelLauncher> launcher, std::int64_t hidden)
      : launcher_(std::move(launcher)), hidden_(hidden) {}

  // Whether there are kernels for rows of so many columns, and of an MLP's.
  static bool can_take(std::int64_t hidden, std::int64_t inner);

  struct Normed {
    at::Tensor sum;      // float32 (R, H): residual + branch + bias; `residual` itself without a branch
    at::Tensor normed;   // bfloat16 (R, H): LayerNorm of it
    at::Tensor moments;  // float32 (R, 2): mean, 1 / deviation
  };
  // residual float32 (R, H); branch bfloat16 (R, H), bias [H] float32: either may be undefined.
  Normed add_norm(const at::Tensor& residual, const at::Tensor& branch, const at::Tensor& bias,
                  const at::Tensor& weight, const at::Tensor& shift, double eps) const;

  struct SumGradient {
    at::Tensor sum;     // float32 (R, H)
    at::Tensor branch;  // the same in bfloat16; undefined unless asked for
  };
  // The gradient of the sum, for that of `normed`, bfloat16, and what else comes to the sum, float32 or
  // undefined.
  SumGradient add_norm_gradient(const Normed& kept, const at::Tensor& weight, const at::Tensor& grad_normed,
                                const at::Tensor& grad_sum, bool with_branch,
                                const NormGradientSums& to) const;

  // gelu(x + bias), x bfloat16 (R, I), bias float32 [I].
  at::Tensor bias_gelu(const at::Tensor& x, const at::Tensor& bias) const;
  // The gradient of x; that of the bias is added to `to`.
  at::Tensor bias_gelu_gradient(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& bias,
                                float* to) const;

 private:
  std::unique_ptr<const KernelLauncher> launcher_;
  std::int64_t hidden_;
};

}  // namespace zoetrope::model
