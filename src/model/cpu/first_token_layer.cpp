// SPDX-License-Identifier: Apache-2.0
// Shapes: B images, T tokens, R = B T rows, N heads of size D, H hidden.
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "engine.hpp"
#include "layer_node.hpp"
#include "linear.hpp"
#include "mlp_rows.hpp"
#include "tensor_rows.hpp"

namespace zoetrope::model {

namespace {

using Weights = EncoderLayerWeights;
using In = MatrixView<const float>;
using Out = MatrixView<float>;

// The rows of query, key or value of a packed weight (3H, H).
struct Heads {
  Heads(const LayerShape& shape, const at::Tensor& qkv_weight)
      : batch(shape.batch), tokens(shape.tokens), count(shape.heads), hidden(qkv_weight.size(1)) {}
  std::int64_t batch, tokens, count, hidden;

  std::int64_t size() const { return hidden / count; }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(size())); }
  // Of a matrix of H columns, `head`'s D.
  template <typename Float>
  MatrixView<Float> columns(Float* data, std::int64_t head) const {
    return {data + head * size(), hidden};
  }
  // Of a tensor (B, N, H), `head`'s (B, H).
  template <typename Float>
  MatrixView<Float> vectors(Float* data, std::int64_t head) const {
    return {data + head * hidden, count * hidden};
  }
  // Of a weight, `head`'s (D, H). `part` is 1 for the keys', 2 for the values'.
  template <typename Float>
  MatrixView<Float> weight(Float* data, std::int64_t part, std::int64_t head) const {
    return {data + (part * hidden + head * size()) * hidden, hidden};
  }
  // Of rows (R, H), the first token's (B, H).
  template <typename Float>
  MatrixView<Float> first_rows(Float* data) const {
    return {data, tokens * hidden};
  }
};

struct FirstTokenLayer {
  struct Saved {
    NormKept norm;
    at::Tensor query;          // (B, H), divided by sqrt(D)
    at::Tensor queries;        // (B, N, H), through the keys' weights
    at::Tensor probabilities;  // (B, N, T)
    at::Tensor mixed;          // (B, N, H): what goes through the values' weights
    at::Tensor context;        // (B, H)
    MlpKept mlp;

    std::vector<at::Tensor> list() const {
      return {norm.x,           norm.normed, norm.moments, query,      queries,
              probabilities,    mixed,       context,      mlp.norm.x, mlp.norm.normed,
              mlp.norm.moments, mlp.inner,   mlp.slope};
    }
    static Saved from(at::TensorList list) {
      return {{list[0], list[1], list[2]},
              list[3],
              list[4],
              list[5],
              list[6],
              list[7],
              {{list[8], list[9], list[10]}, list[11], list[12]}};
    }
  };

  static at::Tensor forward(const LayerShape& shape, const at::Tensor& x, const Weights& w,
                            Saved* maybe_saved) {
    Saved here;
    Saved& saved = maybe_saved == nullptr ? here : *maybe_saved;
    const at::Tensor& weight = w.qkv_weight;
    const Heads heads(shape, weight);
    const std::int64_t hidden = heads.hidden;
    const at::Tensor normed = norm_rows(x, w.norm_weight, w.norm_bias, shape.eps, &saved.norm);
    saved.query = at::empty({shape.batch, hidden}, x.options());
    saved.context = at::empty_like(saved.query);
    saved.queries = at::empty({shape.batch, shape.heads, hidden}, x.options());
    set_rows(w.qkv_bias.defined() ? in(w.qkv_bias) : nullptr, saved.query);
    set_rows(w.qkv_bias.defined() ? in(w.qkv_bias) + 2 * hidden : nullptr, saved.context);

    multiply_by_transposed({shape.batch, hidden, hidden}, heads.first_rows(in(normed)), {in(weight), hidden},
                           {out(saved.query), hidden}, Before::kAddedTo);
    saved.query.mul_(heads.scale());
    for (std::int64_t h = 0; h < heads.count; ++h)
      multiply({shape.batch, hidden, heads.size()}, heads.columns(in(saved.query), h),
               heads.weight(in(weight), 1, h), heads.vectors(out(saved.queries), h));
    const at::Tensor images = normed.view({shape.batch, shape.tokens, hidden});
    saved.probabilities = at::bmm(saved.queries, images.transpose(1, 2)).softmax(2);
    saved.mixed = at::bmm(saved.probabilities, images);
    for (std::int64_t h = 0; h < heads.count; ++h)
      multiply_by_transposed({shape.batch, heads.size(), hidden}, heads.vectors(in(saved.mixed), h),
                             heads.weight(in(weight), 2, h), heads.columns(out(saved.context), h),
                             Before::kAddedTo);
    const at::Tensor first = x.view({shape.batch, shape.tokens, hidden}).select(1, 0).contiguous();
    return mlp_rows(linear_of_rows(saved.context, w.out_weight, w.out_bias, first), w.mlp, shape.eps,
                    &saved.mlp);
  }

  // Rows that are `bias` each, or 0.
  static void set_rows(const float* bias, const at::Tensor& to) {
    if (bias == nullptr)
      to.zero_();
    else
      add_rows(extent_of(to), nullptr, bias, out(to));
  }

  static at::Tensor backward(const LayerShape& shape, const Saved& saved, const Weights& w,
                             const at::Tensor& grad_result, const EncoderLayerGradients& to) {
    const Heads heads(shape, w.qkv_weight);
    const at::Tensor grad = mlp_rows_backward(saved.mlp, w.mlp, grad_result, to.mlp);  // (B, H)
    add_column_sums(extent_of(grad), in(grad), to.out_bias.data());
    to.out_weight.add_product(grad, saved.context);
    const at::Tensor grad_context = linear_input_gradient(grad, w.out_weight);
    const AttentionGradient of =
        attention_backward(saved, values_backward(heads, saved, w, grad_context, to));
    query_backward(heads, saved, w, of, to);
    const at::Tensor grad_x =
        norm_rows_backward(saved.norm, w.norm_weight, of.rows, {}, to.norm_weight, to.norm_bias);
    grad_x.view({shape.batch, shape.tokens, heads.hidden}).select(1, 0).add_(grad);
    return grad_x;
  }

  struct AttentionGradient {
    at::Tensor queries;  // (B, N, H)
    at::Tensor rows;     // (R, H)
  };
  static AttentionGradient attention_backward(const Saved& saved, const at::Tensor& grad_mixed) {
    const at::Tensor& p = saved.probabilities;
    const at::Tensor images = saved.norm.normed.view({p.size(0), p.size(2), grad_mixed.size(2)});
    const at::Tensor of_scores =
        at::_softmax_backward_data(at::bmm(grad_mixed, images.transpose(1, 2)), p, 2, at::kFloat);
    const at::Tensor of_images =
        at::bmm(p.transpose(1, 2), grad_mixed).baddbmm_(of_scores.transpose(1, 2), saved.queries);
    return {at::bmm(of_scores, images), of_images.flatten(0, 1)};
  }

  // The gradient of `mixed` for that of `context`.
  static at::Tensor values_backward(const Heads& heads, const Saved& saved, const Weights& w,
                                    const at::Tensor& grad_context, const EncoderLayerGradients& to) {
    const at::Tensor grad_mixed = at::empty_like(saved.mixed);
    if (w.qkv_bias.defined())
      add_column_sums(extent_of(grad_context), in(grad_context), to.qkv_bias.data() + 2 * heads.hidden);
    for (std::int64_t h = 0; h < heads.count; ++h) {
      const In of_context = heads.columns(in(grad_context), h);
      multiply_transposed({heads.size(), heads.hidden, heads.batch}, of_context,
                          heads.vectors(in(saved.mixed), h), heads.weight(to.qkv_weight.data(), 2, h),
                          Before::kAddedTo);
      multiply({heads.batch, heads.hidden, heads.size()}, of_context, heads.weight(in(w.qkv_weight), 2, h),
               heads.vectors(out(grad_mixed), h));
    }
    return grad_mixed;
  }

  // Adds to the gradient of `normed` what comes through the first token's query. The keys' bias has none.
  static void query_backward(const Heads& heads, const Saved& saved, const Weights& w,
                             const AttentionGradient& of, const EncoderLayerGradients& to) {
    const std::int64_t hidden = heads.hidden;
    const at::Tensor grad_query = at::empty_like(saved.query);
    for (std::int64_t h = 0; h < heads.count; ++h) {
      const In of_queries = heads.vectors(in(of.queries), h);
      multiply_transposed({heads.size(), hidden, heads.batch}, heads.columns(in(saved.query), h), of_queries,
                          heads.weight(to.qkv_weight.data(), 1, h), Before::kAddedTo);
      multiply_by_transposed({heads.batch, heads.size(), hidden}, of_queries,
                             heads.weight(in(w.qkv_weight), 1, h), heads.columns(out(grad_query), h));
    }
    grad_query.mul_(heads.scale());
    if (w.qkv_bias.defined()) add_column_sums(extent_of(grad_query), in(grad_query), to.qkv_bias.data());
    const In rows{in(grad_query), hidden};
    multiply_transposed({hidden, hidden, heads.batch}, rows, heads.first_rows(in(saved.norm.normed)),
                        {to.qkv_weight.data(), hidden}, Before::kAddedTo);
    multiply({heads.batch, hidden, hidden}, rows, {in(w.qkv_weight), hidden}, heads.first_rows(out(of.rows)),
             Before::kAddedTo);
  }
};

}  // namespace

at::Tensor encoder_layer_of_first(const VitConfig& config, const at::Tensor& tokens, const Weights& weights) {
  return apply_layer<FirstTokenLayer>(config, tokens, weights);
}

}  // namespace zoetrope::model
