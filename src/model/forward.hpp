// SPDX-License-Identifier: Apache-2.0
// The forward pass, over the leaves of one model.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

#include "architecture.hpp"
#include "bf16/fused.hpp"
#include "bf16/linear.hpp"
#include "cpu/engine.hpp"

namespace zoetrope::model {

class Forward {
 public:
  // `rounded`: the flat buffer in bfloat16, for products in it; undefined in float32. `kernels` then compute
  // what lies between the products; null: libtorch's operations do.
  Forward(const VitConfig& config, const Architecture& architecture, const std::vector<at::Tensor>& tensors,
          at::Tensor rounded = {}, KernelsPointer kernels = {})
      : config_(config),
        architecture_(architecture),
        tensors_(tensors),
        rounded_(std::move(rounded)),
        kernels_(std::move(kernels)) {}

  // pixels (B, C, S, S) -> the CLS row after the final LayerNorm (B, H).
  at::Tensor cls(const at::Tensor& pixels) const;
  // pixels (B, C, S, S) -> the CLS row (B, H), or that and the patches' mean (B, 2H), for classify.
  at::Tensor features(const at::Tensor& pixels) const;
  // features -> logits (B, L).
  at::Tensor classify(const at::Tensor& features) const;

 private:
  // A linear layer's tensors.
  struct Weights {
    Rounded weight, bias;
  };
  // The rows between layers: sum + branch + bias, of which the last two may be undefined. `branch` is added
  // where the next LayerNorm reads the rows anyway.
  struct Stream {
    at::Tensor sum;
    at::Tensor branch, bias;
  };

  at::Tensor embed_patches(const at::Tensor& pixels) const;
  at::Tensor add_registers(const at::Tensor& tokens) const;
  Stream layer(Stream tokens, const LayerIndex& index) const;
  Stream last_layer_cls(Stream tokens, const LayerIndex& index) const;
  Stream layers_before_last(const at::Tensor& pixels) const;
  Stream attention_block(Stream tokens, const LayerIndex& index) const;
  Stream attention_block_cls(Stream tokens, const LayerIndex& index) const;
  Stream mlp_block(Stream tokens, const LayerIndex& index) const;
  at::Tensor activate(const at::Tensor& x) const;
  at::Tensor mlp_inner(const at::Tensor& normed, const LayerIndex& index) const;
  void add_linear(Stream& to, const at::Tensor& x, const Affine& affine, int scale) const;
  at::Tensor normed(Stream& tokens, const Affine& norm) const;
  static at::Tensor sum_of(const Stream& tokens);
  at::Tensor float_norm(const at::Tensor& rows, const Affine& norm) const;
  at::Tensor last_norm(const Stream& tokens) const;
  at::Tensor linear(const at::Tensor& x, const Weights& weights) const;
  Weights weights(const Affine& affine) const;
  std::array<Weights, 2> split_rows(const Weights& weights, std::int64_t first) const;
  Rounded rounded(int index) const;
  const at::Tensor& tensor(int index) const { return tensors_[static_cast<std::size_t>(index)]; }
  bool can_fuse(const at::Tensor& tokens) const;
  EncoderLayerWeights weights_of(const LayerIndex& index) const;
  at::Tensor optional_tensor(int index) const { return index < 0 ? at::Tensor() : tensor(index); }

  const VitConfig& config_;
  const Architecture& architecture_;
  const std::vector<at::Tensor>& tensors_;
  at::Tensor rounded_;
  KernelsPointer kernels_;
};

}  // namespace zoetrope::model
