// SPDX-License-Identifier: Apache-2.0
// A whole encoder layer as one node of the graph, for float32 on a CPU thread of its own: its passes between
// the matrix products are fused, and gradients of its weights are added to where they belong without a copy.
// Small models spend half of their time outside matrix products otherwise.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

// The layer's tensors; `qkv_bias` is undefined with qkv_bias=false.
struct EncoderLayerWeights {
  at::Tensor norm_before_weight, norm_before_bias;
  at::Tensor qkv_weight, qkv_bias;
  at::Tensor out_weight, out_bias;
  at::Tensor norm_after_weight, norm_after_bias;
  at::Tensor mlp_in_weight, mlp_in_bias, mlp_out_weight, mlp_out_bias;
};

// Whether encoder_layer() computes this model's layers for so many tokens an image.
bool can_fuse_layer(const VitConfig& config, std::int64_t tokens);

// tokens (B, T, H) -> (B, T, H), on this thread, for tokens that can_fuse_linear(). Without gradients,
// weights of linear layers may be packed (pack_for_linear).
at::Tensor encoder_layer(const VitConfig& config, const at::Tensor& tokens,
                         const EncoderLayerWeights& weights);

}  // namespace zoetrope::model
