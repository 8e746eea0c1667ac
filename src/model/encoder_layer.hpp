// SPDX-License-Identifier: Apache-2.0
// A whole encoder layer as one node of the graph, for float32 on a CPU thread of its own: its passes between
// the matrix products are fused, and gradients of its weights are added to where they belong without a copy.
// Small models spend half of their time outside matrix products otherwise.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

#include "linear.hpp"

namespace zoetrope::model {

// The layer's tensors; `qkv_bias` is undefined with qkv_bias=false.
struct EncoderLayerWeights {
  at::Tensor norm_before_weight, norm_before_bias;
  LinearWeight qkv_weight;
  at::Tensor qkv_bias;
  LinearWeight out_weight;
  at::Tensor out_bias;
  at::Tensor norm_after_weight, norm_after_bias;
  LinearWeight mlp_in_weight;
  at::Tensor mlp_in_bias;
  LinearWeight mlp_out_weight;
  at::Tensor mlp_out_bias;
};

// Whether encoder_layer() computes this model's layers for so many tokens an image.
bool can_fuse_layer(const VitConfig& config, std::int64_t tokens);

// tokens (B, T, H) -> (B, T, H), on this thread, for tokens that are is_plain_float().
at::Tensor encoder_layer(const VitConfig& config, const at::Tensor& tokens,
                         const EncoderLayerWeights& weights);

}  // namespace zoetrope::model
