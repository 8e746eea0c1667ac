// SPDX-License-Identifier: Apache-2.0
// Shapes: B images, T tokens, R = B T rows, H hidden, M the MLP's inner size.
#include "encoder_layer.hpp"

#include <array>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "attention.hpp"
#include "row_kernels.hpp"
#include "weight_gradient.hpp"

namespace zoetrope::model {

namespace {

namespace autograd = torch::autograd;
using Weights = EncoderLayerWeights;

// In the order of EncoderLayer::forward's parameters; the last is undefined with qkv_bias=false.
using WeightList = std::array<at::Tensor, 12>;

WeightList to_list(const Weights& w) {
  return {w.norm_before_weight, w.norm_before_bias,     w.qkv_weight.plain, w.out_weight.plain,
          w.out_bias,           w.norm_after_weight,    w.norm_after_bias,  w.mlp_in_weight.plain,
          w.mlp_in_bias,        w.mlp_out_weight.plain, w.mlp_out_bias,     w.qkv_bias};
}

Weights from_list(at::TensorList list) {
  return {list[0], list[1], {list[2], {}}, list[11], {list[3], {}}, list[4],
          list[5], list[6], {list[7], {}}, list[8],  {list[9], {}}, list[10]};
}

const float* in(const at::Tensor& tensor) {
  return tensor.const_data_ptr<float>();
}

float* out(const at::Tensor& tensor) {
  return tensor.mutable_data_ptr<float>();
}

Extent extent_of(const at::Tensor& matrix) {
  return {matrix.size(0), matrix.size(1)};
}

// What the gradient needs of a forward pass.
struct Kept {
  at::Tensor tokens, normed_before, qkv, probabilities, context, middle, normed_after, inner, slope;
  at::Tensor moments;  // [2 norms, mean and rstd, R]

  std::vector<at::Tensor> list() const {
    return {tokens, normed_before, qkv, probabilities, context, middle, normed_after, inner, slope, moments};
  }
  static constexpr std::size_t kCount = 10;
  static Kept from(at::TensorList list) {
    return {list[0], list[1], list[2], list[3], list[4], list[5], list[6], list[7], list[8], list[9]};
  }
  RowMoments moments_of(std::int64_t norm) const {
    return {out(moments) + 2 * norm * moments.size(2), out(moments) + (2 * norm + 1) * moments.size(2)};
  }
};

struct Dimensions {
  std::int64_t batch, heads;
  float eps;
};

// x (R, H) -> (R, H). Where `kept` is not null, it is filled.
at::Tensor forward(const Dimensions& size, const at::Tensor& x, const Weights& w, Kept* kept) {
  const Extent rows = extent_of(x);
  const bool keep = kept != nullptr;
  if (keep) kept->moments = at::empty({2, 2, rows.rows}, x.options());
  const at::Tensor normed_before = at::empty_like(x);
  normalize_rows(rows, in(x), in(w.norm_before_weight), in(w.norm_before_bias), size.eps, out(normed_before),
                 keep ? kept->moments_of(0) : RowMoments{});
  const at::Tensor qkv = linear_of_rows(normed_before, w.qkv_weight, w.qkv_bias);  // (R, 3H)
  at::Tensor probabilities;
  const at::Tensor context = attention_of_rows(qkv, size.batch, size.heads, keep ? &probabilities : nullptr);
  const at::Tensor middle = linear_of_rows(context, w.out_weight, w.out_bias, x);

  const at::Tensor normed_after = at::empty_like(x);
  normalize_rows(rows, in(middle), in(w.norm_after_weight), in(w.norm_after_bias), size.eps,
                 out(normed_after), keep ? kept->moments_of(1) : RowMoments{});
  const at::Tensor inner = linear_of_rows(normed_after, w.mlp_in_weight, {});  // (R, M)
  const at::Tensor slope = keep ? at::empty_like(inner) : at::Tensor();
  add_bias_gelu(extent_of(inner), out(inner), in(w.mlp_in_bias), keep ? out(slope) : nullptr);
  const at::Tensor result = linear_of_rows(inner, w.mlp_out_weight, w.mlp_out_bias, middle);
  if (keep) {
    *kept = {x,      normed_before, qkv,   probabilities, context,
             middle, normed_after,  inner, slope,         kept->moments};
  }
  return result;
}

// The gradients of the layer's weights, in the order of to_list().
struct WeightGradients {
  explicit WeightGradients(const Weights& w) {
    for (const at::Tensor& weight : to_list(w)) all.emplace_back(weight);
  }
  WeightGradient& norm_before_weight() { return all[0]; }
  WeightGradient& norm_before_bias() { return all[1]; }
  WeightGradient& qkv_weight() { return all[2]; }
  WeightGradient& out_weight() { return all[3]; }
  WeightGradient& out_bias() { return all[4]; }
  WeightGradient& norm_after_weight() { return all[5]; }
  WeightGradient& norm_after_bias() { return all[6]; }
  WeightGradient& mlp_in_weight() { return all[7]; }
  WeightGradient& mlp_in_bias() { return all[8]; }
  WeightGradient& mlp_out_weight() { return all[9]; }
  WeightGradient& mlp_out_bias() { return all[10]; }
  WeightGradient& qkv_bias() { return all[11]; }

  std::vector<WeightGradient> all;
};

// The gradient of `middle` for that of the result (R, H).
at::Tensor mlp_backward(const Kept& kept, const Weights& w, const at::Tensor& grad, WeightGradients& to) {
  const Extent rows = extent_of(grad);
  add_column_sums(rows, in(grad), to.mlp_out_bias().data());
  to.mlp_out_weight().add_product(grad, kept.inner);
  const at::Tensor grad_inner = linear_input_gradient(grad, w.mlp_out_weight.plain);
  scale_by_slope(extent_of(grad_inner), out(grad_inner), in(kept.slope), to.mlp_in_bias().data());
  to.mlp_in_weight().add_product(grad_inner, kept.normed_after);
  const at::Tensor grad_normed = linear_input_gradient(grad_inner, w.mlp_in_weight.plain);
  const at::Tensor grad_middle = at::empty_like(grad);
  normalize_rows_backward(rows, in(grad_normed), in(kept.middle), in(w.norm_after_weight), kept.moments_of(1),
                          in(grad), out(grad_middle), to.norm_after_weight().data(),
                          to.norm_after_bias().data());
  return grad_middle;
}

// The gradient of the layer's input for that of `middle` (R, H).
at::Tensor attention_backward(const Dimensions& size, const Kept& kept, const Weights& w,
                              const at::Tensor& grad, WeightGradients& to) {
  const Extent rows = extent_of(grad);
  add_column_sums(rows, in(grad), to.out_bias().data());
  to.out_weight().add_product(grad, kept.context);
  const at::Tensor grad_context = linear_input_gradient(grad, w.out_weight.plain);
  const at::Tensor grad_qkv =
      attention_of_rows_backward(kept.qkv, size.batch, size.heads, kept.probabilities, grad_context);
  if (w.qkv_bias.defined()) add_column_sums(extent_of(grad_qkv), in(grad_qkv), to.qkv_bias().data());
  to.qkv_weight().add_product(grad_qkv, kept.normed_before);
  const at::Tensor grad_normed = linear_input_gradient(grad_qkv, w.qkv_weight.plain);
  const at::Tensor grad_tokens = at::empty_like(grad);
  normalize_rows_backward(rows, in(grad_normed), in(kept.tokens), in(w.norm_before_weight),
                          kept.moments_of(0), in(grad), out(grad_tokens), to.norm_before_weight().data(),
                          to.norm_before_bias().data());
  return grad_tokens;
}

class EncoderLayer : public autograd::Function<EncoderLayer> {
 public:
  // Each weight is a parameter of its own, since autograd looks into no list.
  static at::Tensor forward(autograd::AutogradContext* context, const at::Tensor& tokens,
                            const at::Tensor& norm_before_weight, const at::Tensor& norm_before_bias,
                            const at::Tensor& qkv_weight, const at::Tensor& out_weight,
                            const at::Tensor& out_bias, const at::Tensor& norm_after_weight,
                            const at::Tensor& norm_after_bias, const at::Tensor& mlp_in_weight,
                            const at::Tensor& mlp_in_bias, const at::Tensor& mlp_out_weight,
                            const at::Tensor& mlp_out_bias, const std::optional<at::Tensor>& qkv_bias,
                            std::int64_t heads, double eps) {
    const WeightList weights = {norm_before_weight, norm_before_bias, qkv_weight,
                                out_weight,         out_bias,         norm_after_weight,
                                norm_after_bias,    mlp_in_weight,    mlp_in_bias,
                                mlp_out_weight,     mlp_out_bias,     qkv_bias.value_or(at::Tensor())};
    const Dimensions size{tokens.size(0), heads, static_cast<float>(eps)};
    Kept kept;
    const at::Tensor result =
        model::forward(size, tokens.flatten(0, 1), from_list(weights), &kept).view(tokens.sizes());
    std::vector<at::Tensor> saved = kept.list();
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["heads"] = heads;
    context->saved_data["batch"] = tokens.size(0);
    return result;
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::TensorList list(saved);
    const Kept kept = Kept::from(list.slice(0, Kept::kCount));
    const Weights weights = from_list(list.slice(Kept::kCount));
    const Dimensions size{context->saved_data["batch"].toInt(), context->saved_data["heads"].toInt(), 0};
    WeightGradients to(weights);
    const at::Tensor grad = gradients[0].contiguous().flatten(0, 1);
    const at::Tensor grad_tokens =
        attention_backward(size, kept, weights, mlp_backward(kept, weights, grad, to), to);
    autograd::variable_list all = {grad_tokens.view(gradients[0].sizes())};
    for (const WeightGradient& gradient : to.all) all.push_back(gradient.rest());
    all.resize(all.size() + 2);  // heads and eps have none
    return all;
  }
};

}  // namespace

bool can_fuse_layer(const VitConfig& config, std::int64_t tokens) {
  return has_short_attention(tokens, config.head_size()) && config.intermediate_size % kColumnStep == 0 &&
         config.hidden_act == Activation::kGelu && !config.use_swiglu_ffn && !config.has_layer_scale();
}

at::Tensor encoder_layer(const VitConfig& config, const at::Tensor& tokens, const Weights& weights) {
  const at::Tensor x = tokens.contiguous();
  if (c10::GradMode::is_enabled() && x.requires_grad()) {
    const Weights& w = weights;
    const auto qkv_bias = w.qkv_bias.defined() ? std::optional(w.qkv_bias) : std::nullopt;
    return EncoderLayer::apply(x, w.norm_before_weight, w.norm_before_bias, w.qkv_weight.plain,
                               w.out_weight.plain, w.out_bias, w.norm_after_weight, w.norm_after_bias,
                               w.mlp_in_weight.plain, w.mlp_in_bias, w.mlp_out_weight.plain, w.mlp_out_bias,
                               qkv_bias, config.num_attention_heads, config.layer_norm_eps);
  }
  const Dimensions size{x.size(0), config.num_attention_heads, static_cast<float>(config.layer_norm_eps)};
  return forward(size, x.flatten(0, 1), weights, nullptr).view(x.sizes());
}

}  // namespace zoetrope::model
