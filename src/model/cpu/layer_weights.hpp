// SPDX-License-Identifier: Apache-2.0
// The tensors of one encoder layer, as the nodes that compute a whole layer take them.
#pragma once

#include <array>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine.hpp"
#include "weight_gradient.hpp"

namespace zoetrope::model {

// One after the other, in the order of LayerNode::forward's parameters; the last is qkv_bias.
using WeightList = std::array<at::Tensor, 12>;
WeightList to_list(const EncoderLayerWeights& weights);
EncoderLayerWeights from_list(at::TensorList list);

struct MlpGradients {
  WeightGradient norm_weight, norm_bias, in_weight, in_bias, out_weight, out_bias;
};

struct EncoderLayerGradients {
  explicit EncoderLayerGradients(const EncoderLayerWeights& weights);
  // In the order of WeightList, for autograd.
  std::vector<at::Tensor> rest() const;

  WeightGradient norm_weight, norm_bias, qkv_weight, qkv_bias, out_weight, out_bias;
  MlpGradients mlp;
};

}  // namespace zoetrope::model
