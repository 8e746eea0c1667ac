// SPDX-License-Identifier: Apache-2.0
// The engine for cores: what the model computes by kernels of its own where its tensors are float32 on a CPU;
// others go through libtorch's operations. Differentiable where grad mode is on. README.md beside this file
// says what each kernel is worth. Shapes: B images, T tokens, H hidden size.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

// Whether x is of a kind that is computed here.
bool is_plain_float(const at::Tensor& x);

// at::linear of x (..., K) and weight (N, K), and bias (N) or none.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// qkv (B, T, 3H): every token's query, key and value -> (B, T, H).
at::Tensor self_attention(const at::Tensor& qkv, std::int64_t heads);

// query (B, H) of one token an image, key_value (B, T, 2H) -> (B, H).
at::Tensor token_attention(const at::Tensor& query, const at::Tensor& key_value, std::int64_t heads);

// The tensors of one encoder layer.
struct MlpWeights {
  at::Tensor norm_weight, norm_bias;
  at::Tensor in_weight;
  at::Tensor in_bias;
  at::Tensor out_weight;
  at::Tensor out_bias;
};

struct EncoderLayerWeights {
  at::Tensor norm_weight, norm_bias;
  at::Tensor qkv_weight;
  at::Tensor qkv_bias;  // undefined with qkv_bias=false
  at::Tensor out_weight;
  at::Tensor out_bias;
  MlpWeights mlp;
};

// A whole encoder layer can be one node of the graph: its passes between the matrix products are fused, and
// gradients of its weights are added to where they belong without a copy. Small models spend half of their
// time outside matrix products otherwise. Whether the functions below compute this model's layers for so many
// tokens an image.
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
