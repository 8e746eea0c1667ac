// SPDX-License-Identifier: Apache-2.0
#include "layer_weights.hpp"

#include <ATen/ATen.h>

namespace zoetrope::model {

WeightList to_list(const EncoderLayerWeights& w) {
  return {w.norm_weight, w.norm_bias,       w.qkv_weight,    w.out_weight,
          w.out_bias,    w.mlp.norm_weight, w.mlp.norm_bias, w.mlp.in_weight,
          w.mlp.in_bias, w.mlp.out_weight,  w.mlp.out_bias,  w.qkv_bias};
}

EncoderLayerWeights from_list(at::TensorList list) {
  return {.norm_weight = list[0],
          .norm_bias = list[1],
          .qkv_weight = list[2],
          .qkv_bias = list[11],
          .out_weight = list[3],
          .out_bias = list[4],
          .mlp = {.norm_weight = list[5],
                  .norm_bias = list[6],
                  .in_weight = list[7],
                  .in_bias = list[8],
                  .out_weight = list[9],
                  .out_bias = list[10]}};
}

EncoderLayerGradients::EncoderLayerGradients(const EncoderLayerWeights& w)
    : norm_weight(w.norm_weight),
      norm_bias(w.norm_bias),
      qkv_weight(w.qkv_weight),
      qkv_bias(w.qkv_bias),
      out_weight(w.out_weight),
      out_bias(w.out_bias),
      mlp{WeightGradient(w.mlp.norm_weight), WeightGradient(w.mlp.norm_bias),
          WeightGradient(w.mlp.in_weight),   WeightGradient(w.mlp.in_bias),
          WeightGradient(w.mlp.out_weight),  WeightGradient(w.mlp.out_bias)} {}

std::vector<at::Tensor> EncoderLayerGradients::rest() const {
  return {norm_weight.rest(), norm_bias.rest(),       qkv_weight.rest(),    out_weight.rest(),
          out_bias.rest(),    mlp.norm_weight.rest(), mlp.norm_bias.rest(), mlp.in_weight.rest(),
          mlp.in_bias.rest(), mlp.out_weight.rest(),  mlp.out_bias.rest(),  qkv_bias.rest()};
}

}  // namespace zoetrope::model
