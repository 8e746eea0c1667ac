// SPDX-License-Identifier: Apache-2.0
// A whole encoder layer as one node of the graph.
#pragma once

#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "zoetrope/model/config.hpp"

#include "layer_weights.hpp"

namespace zoetrope::model {

struct LayerShape {
  std::int64_t batch = 0, tokens = 0, heads = 0;
  float eps = 0;
};

// `Layer` has, for rows x (B T, H) and what the gradient needs, `Layer::Saved`, which is made from and gives
// a list of tensors:
//   static at::Tensor forward(const LayerShape&, const at::Tensor& x, const EncoderLayerWeights&, Saved*);
//   static at::Tensor backward(const LayerShape&, const Saved&, const EncoderLayerWeights&,
//                              const at::Tensor& grad, const EncoderLayerGradients&);
// where Saved* may be null, and the second returns the gradient of x.
template <typename Layer>
class LayerNode : public torch::autograd::Function<LayerNode<Layer>> {
 public:
  using Context = torch::autograd::AutogradContext;
  using Tensors = torch::autograd::variable_list;

  // Each weight is a parameter of its own, since autograd looks into no list.
  static at::Tensor forward(Context* context, const at::Tensor& x, const at::Tensor& norm_weight,
                            const at::Tensor& norm_bias, const at::Tensor& qkv_weight,
                            const at::Tensor& out_weight, const at::Tensor& out_bias,
                            const at::Tensor& mlp_norm_weight, const at::Tensor& mlp_norm_bias,
                            const at::Tensor& mlp_in_weight, const at::Tensor& mlp_in_bias,
                            const at::Tensor& mlp_out_weight, const at::Tensor& mlp_out_bias,
                            const std::optional<at::Tensor>& qkv_bias, std::int64_t batch, std::int64_t heads,
                            double eps) {
    const WeightList weights = {norm_weight, norm_bias,       qkv_weight,    out_weight,
                                out_bias,    mlp_norm_weight, mlp_norm_bias, mlp_in_weight,
                                mlp_in_bias, mlp_out_weight,  mlp_out_bias,  qkv_bias.value_or(at::Tensor())};
    typename Layer::Saved saved;
    const LayerShape shape{batch, x.size(0) / batch, heads, static_cast<float>(eps)};
    const at::Tensor result = Layer::forward(shape, x, from_list(weights), &saved);
    std::vector<at::Tensor> tensors(weights.begin(), weights.end());
    const std::vector<at::Tensor> more = saved.list();
    tensors.insert(tensors.end(), more.begin(), more.end());
    context->save_for_backward(std::move(tensors));
    context->saved_data["shape"] = std::vector<std::int64_t>{batch, shape.tokens, heads};
    return result;
  }

  static Tensors backward(Context* context, const Tensors& gradients) {
    const Tensors saved = context->get_saved_variables();
    const at::TensorList list(saved);
    const std::size_t num_weights = std::tuple_size_v<WeightList>;
    const EncoderLayerWeights weights = from_list(list.slice(0, num_weights));
    const std::vector<std::int64_t> sizes = context->saved_data["shape"].toIntVector();
    const EncoderLayerGradients to(weights);
    Tensors all = {Layer::backward({sizes[0], sizes[1], sizes[2]},
                                   Layer::Saved::from(list.slice(num_weights)), weights,
                                   gradients[0].contiguous(), to)};
    const std::vector<at::Tensor> rest = to.rest();
    all.insert(all.end(), rest.begin(), rest.end());
    all.resize(all.size() + 3);  // batch, heads and eps have none
    return all;
  }
};

// tokens (B, T, H) -> Layer's rows, in the graph where there is one.
template <typename Layer>
at::Tensor apply_layer(const VitConfig& config, const at::Tensor& tokens,
                       const EncoderLayerWeights& weights) {
  const at::Tensor x = tokens.contiguous().flatten(0, 1);
  const std::int64_t batch = tokens.size(0), heads = config.num_attention_heads;
  if (!c10::GradMode::is_enabled() || !x.requires_grad())
    return Layer::forward({batch, tokens.size(1), heads, static_cast<float>(config.layer_norm_eps)}, x,
                          weights, nullptr);
  const WeightList w = to_list(weights);
  return LayerNode<Layer>::apply(x, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10],
                                 w[11].defined() ? std::optional(w[11]) : std::nullopt, batch, heads,
                                 config.layer_norm_eps);
}

}  // namespace zoetrope::model
