// SPDX-License-Identifier: Apache-2.0
// A whole encoder layer as one node of the graph, for float32 on a CPU thread of its own: its passes between
// the matrix products are fused, and gradients of its weights are added to where they belong without a copy.
// Small models spend half of their time outside matrix products otherwise.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

#include "layer_weights.hpp"

namespace zoetrope::model {

// Whether the functions below compute this model's layers for so many tokens an image.
bool can_fuse_layer(const VitConfig& config, std::int64_t tokens);

// tokens (B, T, H) -> (B, T, H), on this thread, for tokens that are is_plain_float().
at::Tensor encoder_layer(const VitConfig& config, const at::Tensor& tokens,
                         const EncoderLayerWeights& weights);

// The row of the first token alone, (B, T, H) -> (B, H). Its query q meets the keys W_k x_t + b_k of all
// tokens only in q (W_k x_t) = (q W_k) x_t, plus what is the same for each of them and leaves the softmax as
// it is; and the sum over tokens of p_t (W_v x_t) is W_v of the sum of p_t x_t. So keys and values of the
// tokens are never computed: of the layer's products over all tokens none is left.
at::Tensor encoder_layer_of_first(const VitConfig& config, const at::Tensor& tokens,
                                  const EncoderLayerWeights& weights);

}  // namespace zoetrope::model
