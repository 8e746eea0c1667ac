// SPDX-License-Identifier: Apache-2.0
// softmax(q k^T / sqrt(D)) v for short sequences in float32 on the CPU, and its gradient: one (image, head)
// at a time in a core's own cache, read from and written to the rows that the linear layers make, without
// transposed copies. Libraries' kernels are made for long sequences, and spend more on a call than these
// products take.
#pragma once

#include <cstdint>

namespace zoetrope::model {

struct AttentionShape {
  std::int64_t batch = 0;
  std::int64_t heads = 0;
  std::int64_t head_size = 0;  // a multiple of kHeadSizeStep
  std::int64_t queries = 0;    // rows of q
  std::int64_t keys = 0;       // rows of k and v, at most kMaxKeys
};

constexpr std::int64_t kHeadSizeStep = 8;
constexpr std::int64_t kMaxHeadSize = 128;
constexpr std::int64_t kMaxKeys = 128;

// Row r of an image's head h begins at data + image * image_stride + r * row_stride + h * head_size.
template <typename Float>
struct HeadRows {
  Float* data = nullptr;
  std::int64_t image_stride = 0;
  std::int64_t row_stride = 0;
};

template <typename Float>
struct AttentionRows {
  HeadRows<Float> q, k, v;
};

// `probabilities` [batch, heads, queries, keys] is what the gradient needs; it may be null.
void attend(const AttentionShape& shape, const AttentionRows<const float>& input, HeadRows<float> context,
            float* probabilities);

void attend_backward(const AttentionShape& shape, const AttentionRows<const float>& input,
                     const float* probabilities, HeadRows<const float> grad_context,
                     const AttentionRows<float>& gradient);

}  // namespace zoetrope::model
