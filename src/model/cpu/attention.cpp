// SPDX-License-Identifier: Apache-2.0
#include "attention.hpp"

#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "attention_kernel.hpp"
#include "engine.hpp"

namespace zoetrope::model {

namespace {

namespace autograd = torch::autograd;

// Where `query` is undefined, `packed` (B, T, 3H) holds query, key and value; else (B, T, 2H) key and value.
AttentionShape shape_of(const at::Tensor& query, const at::Tensor& packed, std::int64_t heads) {
  const std::int64_t parts = query.defined() ? 2 : 3;
  return {packed.size(0), heads, packed.size(2) / parts / heads, query.defined() ? 1 : packed.size(1),
          packed.size(1)};
}

bool is_short(const AttentionShape& shape, const at::Tensor& packed) {
  return packed.device().is_cpu() && packed.scalar_type() == at::kFloat &&
         has_short_attention(shape.keys, shape.head_size);
}

// `query` and `packed` are contiguous.
template <typename Float>
AttentionRows<Float> rows_of(Float* query, Float* packed, const AttentionShape& shape) {
  const std::int64_t hidden = shape.heads * shape.head_size;
  const std::int64_t row = (query == nullptr ? 3 : 2) * hidden, image = shape.keys * row;
  if (query != nullptr) return {{query, hidden, hidden}, {packed, image, row}, {packed + hidden, image, row}};
  return {{packed, image, row}, {packed + hidden, image, row}, {packed + 2 * hidden, image, row}};
}

AttentionRows<const float> rows_of(const at::Tensor& query, const at::Tensor& packed,
                                   const AttentionShape& shape) {
  return rows_of(query.defined() ? query.const_data_ptr<float>() : nullptr, packed.const_data_ptr<float>(),
                 shape);
}

template <typename Float>
HeadRows<Float> context_rows(Float* data, const AttentionShape& shape) {
  const std::int64_t hidden = shape.heads * shape.head_size;
  return {data, shape.queries * hidden, hidden};
}

// (B, queries, H), outside the graph. `probabilities`, where not null, becomes what the gradient needs.
at::Tensor compute(const at::Tensor& query, const at::Tensor& packed, const AttentionShape& shape,
                   at::Tensor* probabilities) {
  const at::Tensor result =
      at::empty({shape.batch, shape.queries, shape.heads * shape.head_size}, packed.options());
  if (probabilities != nullptr)
    *probabilities = at::empty({shape.batch, shape.heads, shape.queries, shape.keys}, packed.options());
  attend(shape, rows_of(query, packed, shape), context_rows(result.mutable_data_ptr<float>(), shape),
         probabilities == nullptr ? nullptr : probabilities->mutable_data_ptr<float>());
  return result;
}

struct Gradient {
  at::Tensor query;  // undefined where the query is
  at::Tensor packed;
};

// `grad_context` is contiguous.
Gradient compute_gradient(const at::Tensor& query, const at::Tensor& packed, const AttentionShape& shape,
                          const at::Tensor& probabilities, const at::Tensor& grad_context) {
  const Gradient gradient{query.defined() ? at::empty_like(query) : at::Tensor(), at::empty_like(packed)};
  attend_backward(shape, rows_of(query, packed, shape), probabilities.const_data_ptr<float>(),
                  context_rows(grad_context.const_data_ptr<float>(), shape),
                  rows_of(query.defined() ? gradient.query.mutable_data_ptr<float>() : nullptr,
                          gradient.packed.mutable_data_ptr<float>(), shape));
  return gradient;
}

class ShortAttention : public autograd::Function<ShortAttention> {
 public:
  static at::Tensor forward(autograd::AutogradContext* context, const std::optional<at::Tensor>& maybe_query,
                            const at::Tensor& packed, std::int64_t heads) {
    const at::Tensor query = maybe_query.value_or(at::Tensor());
    at::Tensor probabilities;
    const at::Tensor result = compute(query, packed, shape_of(query, packed, heads), &probabilities);
    context->save_for_backward({query, packed, probabilities});
    context->saved_data["heads"] = heads;
    return result;
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &packed = saved[1], &probabilities = saved[2];
    const AttentionShape shape = shape_of(query, packed, context->saved_data["heads"].toInt());
    const Gradient gradient =
        compute_gradient(query, packed, shape, probabilities, gradients[0].contiguous());
    return {gradient.query, gradient.packed, at::Tensor()};
  }
};

at::Tensor short_attention(const at::Tensor& query, const at::Tensor& packed, const AttentionShape& shape) {
  if (c10::GradMode::is_enabled() && packed.requires_grad())
    return ShortAttention::apply(query.defined() ? std::optional(query) : std::nullopt, packed, shape.heads);
  return compute(query, packed, shape, nullptr);
}

// The `count` tensors (B, N, T, D) that lie side by side in `packed`, as views of it. Attention's gradients
// have the strides of what it takes, so that in backward the parts of a row are put side by side in one pass;
// picked out of one view (3, B, N, T, D) by their indices, each would come as a tensor of the whole's size,
// filled with zeros.
std::vector<at::Tensor> heads_of(const at::Tensor& packed, std::int64_t count, const AttentionShape& shape) {
  std::vector<at::Tensor> parts = packed.split(packed.size(2) / count, 2);
  for (at::Tensor& part : parts)
    part = part.view({shape.batch, shape.keys, shape.heads, shape.head_size}).transpose(1, 2);
  return parts;
}

at::Tensor by_image(const at::Tensor& qkv, std::int64_t batch) {
  return qkv.view({batch, qkv.size(0) / batch, qkv.size(1)});
}

}  // namespace

bool has_short_attention(std::int64_t tokens, std::int64_t head_size) {
  return tokens <= kMaxKeys && head_size <= kMaxHeadSize && head_size % kHeadSizeStep == 0;
}

at::Tensor attention_of_rows(const at::Tensor& qkv, std::int64_t batch, std::int64_t heads,
                             at::Tensor* probabilities) {
  const at::Tensor packed = by_image(qkv, batch);
  return compute({}, packed, shape_of({}, packed, heads), probabilities).flatten(0, 1);
}

at::Tensor attention_of_rows_backward(const at::Tensor& qkv, std::int64_t batch, std::int64_t heads,
                                      const at::Tensor& probabilities, const at::Tensor& grad_context) {
  const at::Tensor packed = by_image(qkv, batch);
  return compute_gradient({}, packed, shape_of({}, packed, heads), probabilities, grad_context)
      .packed.view(qkv.sizes());
}

at::Tensor self_attention(const at::Tensor& qkv, std::int64_t heads) {
  const AttentionShape shape = shape_of({}, qkv, heads);
  if (is_short(shape, qkv)) return short_attention({}, qkv.contiguous(), shape);
  const std::vector<at::Tensor> parts = heads_of(qkv, 3, shape);
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2])
      .transpose(1, 2)
      .reshape({shape.batch, shape.keys, heads * shape.head_size});
}

at::Tensor token_attention(const at::Tensor& query, const at::Tensor& key_value, std::int64_t heads) {
  const AttentionShape shape = shape_of(query, key_value, heads);
  const std::int64_t hidden = heads * shape.head_size;
  if (is_short(shape, key_value))
    return short_attention(query.contiguous(), key_value.contiguous(), shape).view({shape.batch, hidden});
  const std::vector<at::Tensor> parts = heads_of(key_value, 2, shape);
  return at::scaled_dot_product_attention(query.view({shape.batch, heads, 1, shape.head_size}), parts[0],
                                          parts[1])
      .reshape({shape.batch, hidden});
}

}  // namespace zoetrope::model
