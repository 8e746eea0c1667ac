// SPDX-License-Identifier: Apache-2.0
#include "first_token_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "gemm.hpp"
#include "row_kernels.hpp"

namespace zoetrope::model {

namespace {

struct Sizes {
  Sizes(const at::Tensor& queries, const at::Tensor& rows)
      : batch(queries.size(0)),
        heads(queries.size(1)),
        hidden(queries.size(2)),
        tokens(rows.size(0) / batch) {}
  std::int64_t batch, heads, hidden, tokens;
};

// The image's part of a contiguous tensor that has `rows` rows of `columns` an image.
MatrixView<const float> part(const at::Tensor& tensor, std::int64_t image, std::int64_t rows,
                             std::int64_t columns) {
  return {tensor.const_data_ptr<float>() + image * rows * columns, columns};
}

MatrixView<float> mutable_part(const at::Tensor& tensor, std::int64_t image, std::int64_t rows,
                               std::int64_t columns) {
  return {tensor.mutable_data_ptr<float>() + image * rows * columns, columns};
}

template <typename Function>
void for_each_image(std::int64_t batch, const Function& function) {
  at::parallel_for(0, batch, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) function(i);
  });
}

}  // namespace

at::Tensor attend_to_rows(const at::Tensor& queries, const at::Tensor& rows, at::Tensor* probabilities) {
  const Sizes n(queries, rows);
  const std::int64_t width = softmax_width(n.tokens);
  const at::Tensor result = at::empty_like(queries);
  const at::Tensor p = at::empty({n.batch, n.heads, width}, queries.options());
  for_each_image(n.batch, [&](std::int64_t i) {
    const auto x = part(rows, i, n.tokens, n.hidden);
    const auto scores = mutable_part(p, i, n.heads, width);
    multiply_by_transposed({n.heads, n.tokens, n.hidden}, part(queries, i, n.heads, n.hidden), x, scores);
    softmax_rows({n.heads, n.tokens}, scores.data);
    multiply({n.heads, n.hidden, n.tokens}, part(p, i, n.heads, width), x,
             mutable_part(result, i, n.heads, n.hidden));
  });
  if (probabilities != nullptr) *probabilities = p;
  return result;
}

RowAttentionGradient attend_to_rows_backward(const at::Tensor& queries, const at::Tensor& rows,
                                             const at::Tensor& probabilities, const at::Tensor& grad) {
  const Sizes n(queries, rows);
  const std::int64_t width = softmax_width(n.tokens);
  const RowAttentionGradient result{at::empty_like(queries), at::empty_like(rows)};
  const at::Tensor grad_scores = at::zeros_like(probabilities);
  for_each_image(n.batch, [&](std::int64_t i) {
    const auto x = part(rows, i, n.tokens, n.hidden), of_result = part(grad, i, n.heads, n.hidden);
    const auto p = part(probabilities, i, n.heads, width);
    const auto scores = mutable_part(grad_scores, i, n.heads, width);
    const MatrixView<const float> of_scores{scores.data, width};
    const auto of_rows = mutable_part(result.rows, i, n.tokens, n.hidden);
    multiply_by_transposed({n.heads, n.tokens, n.hidden}, of_result, x, scores);
    softmax_rows_backward({n.heads, n.tokens}, p.data, scores.data);
    multiply({n.heads, n.hidden, n.tokens}, of_scores, x, mutable_part(result.queries, i, n.heads, n.hidden));
    multiply_transposed({n.tokens, n.hidden, n.heads}, p, of_result, of_rows);
    multiply_transposed({n.tokens, n.hidden, n.heads}, of_scores, part(queries, i, n.heads, n.hidden),
                        of_rows, Before::kAddedTo);
  });
  return result;
}

}  // namespace zoetrope::model
