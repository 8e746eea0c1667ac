// SPDX-License-Identifier: Apache-2.0
// Shapes: B images, T tokens, R = B T rows, H hidden.
#include <vector>

#include <ATen/ATen.h>

#include "attention.hpp"
#include "engine.hpp"
#include "layer_node.hpp"
#include "linear.hpp"
#include "mlp_rows.hpp"
#include "tensor_rows.hpp"

namespace zoetrope::model {

namespace {

using Weights = EncoderLayerWeights;

struct WholeLayer {
  struct Saved {
    NormKept norm;
    at::Tensor qkv, probabilities, context;
    MlpKept mlp;

    std::vector<at::Tensor> list() const {
      return {norm.x,     norm.normed,     norm.moments,     qkv,       probabilities, context,
              mlp.norm.x, mlp.norm.normed, mlp.norm.moments, mlp.inner, mlp.slope};
    }
    static Saved from(at::TensorList list) {
      return {{list[0], list[1], list[2]},
              list[3],
              list[4],
              list[5],
              {{list[6], list[7], list[8]}, list[9], list[10]}};
    }
  };

  static at::Tensor forward(const LayerShape& shape, const at::Tensor& x, const Weights& w, Saved* saved) {
    const bool keep = saved != nullptr;
    const at::Tensor normed =
        norm_rows(x, w.norm_weight, w.norm_bias, shape.eps, keep ? &saved->norm : nullptr);
    const at::Tensor qkv = linear_of_rows(normed, w.qkv_weight, w.qkv_bias);  // (R, 3H)
    const at::Tensor context =
        attention_of_rows(qkv, shape.batch, shape.heads, keep ? &saved->probabilities : nullptr);
    if (keep) {
      saved->qkv = qkv;
      saved->context = context;
    }
    return mlp_rows(linear_of_rows(context, w.out_weight, w.out_bias, x), w.mlp, shape.eps,
                    keep ? &saved->mlp : nullptr);
  }

  static at::Tensor backward(const LayerShape& shape, const Saved& saved, const Weights& w,
                             const at::Tensor& grad_result, const EncoderLayerGradients& to) {
    const at::Tensor grad = mlp_rows_backward(saved.mlp, w.mlp, grad_result, to.mlp);
    add_column_sums(extent_of(grad), in(grad), to.out_bias.data());
    to.out_weight.add_product(grad, saved.context);
    const at::Tensor grad_context = linear_input_gradient(grad, w.out_weight);
    const at::Tensor grad_qkv =
        attention_of_rows_backward(saved.qkv, shape.batch, shape.heads, saved.probabilities, grad_context);
    if (w.qkv_bias.defined()) add_column_sums(extent_of(grad_qkv), in(grad_qkv), to.qkv_bias.data());
    to.qkv_weight.add_product(grad_qkv, saved.norm.normed);
    return norm_rows_backward(saved.norm, w.norm_weight, linear_input_gradient(grad_qkv, w.qkv_weight), grad,
                              to.norm_weight, to.norm_bias);
  }
};

}  // namespace

bool can_fuse_layer(const VitConfig& config, std::int64_t tokens) {
  return has_short_attention(tokens, config.head_size()) && config.intermediate_size % kColumnStep == 0 &&
         config.hidden_act == Activation::kGelu && !config.use_swiglu_ffn && !config.has_layer_scale();
}

at::Tensor encoder_layer(const VitConfig& config, const at::Tensor& tokens, const Weights& weights) {
  return apply_layer<WholeLayer>(config, tokens, weights).view(tokens.sizes());
}

}  // namespace zoetrope::model
