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
#include "bf16/linear.hpp"
#include "cpu/engine.hpp"

namespace zoetrope::model {

class Forward {
 public:
  // `rounded`: the flat buffer in bfloat16, for products in it; undefined in float32.
  Forward(const VitConfig& config, const Architecture& architecture, const std::vector<at::Tensor>& tensors,
          at::Tensor rounded)
      : config_(config), architecture_(architecture), tensors_(tensors), rounded_(std::move(rounded)) {}

  // pixels (B, C, S, S) -> the CLS row after the final LayerNorm (B, H).
  at::Tensor cls(const at::Tensor& pixels) const;
  // pixels (B, C, S, S) -> what the classifier takes (B, H) or (B, 2H).
  at::Tensor features(const at::Tensor& pixels) const;
  // features -> logits (B, L).
  at::Tensor classify(const at::Tensor& features) const;

 private:
  // A linear layer's tensors.
  struct Weights {
    Rounded weight, bias;
  };

  at::Tensor embed_patches(const at::Tensor& pixels) const;
  at::Tensor layer(const at::Tensor& tokens, const LayerIndex& index) const;
  at::Tensor last_layer_cls(const at::Tensor& tokens, const LayerIndex& index) const;
  at::Tensor layers_before_last(const at::Tensor& pixels) const;
  at::Tensor attention_block(const at::Tensor& tokens, const LayerIndex& index) const;
  at::Tensor attention_block_cls(const at::Tensor& tokens, const LayerIndex& index) const;
  at::Tensor mlp_block(const at::Tensor& tokens, const LayerIndex& index) const;
  at::Tensor activate(const at::Tensor& x) const;
  at::Tensor add_to(const at::Tensor& residual, const at::Tensor& x, int scale) const;
  at::Tensor layer_norm(const at::Tensor& x, const Affine& affine) const;
  at::Tensor normed(const at::Tensor& x, const Affine& norm) const;
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
};

}  // namespace zoetrope::model
