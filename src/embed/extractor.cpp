// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extractor.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "zoetrope/comm/tasks.hpp"

namespace zoetrope::embed {

namespace {

constexpr std::int64_t kWidestActivation = std::int64_t{2}
                                           << 20;  // bytes; about what a core's own cache holds
constexpr std::int64_t kLeastBlock = 8;
constexpr std::int64_t kLargestBlock = 256;

// `bytes`: uint8 [B, C, H, W].
void embed_block(const model::Vit& model, const at::Tensor& bytes,
                 const data::PreprocessorConfig& preprocessor, model::Precision precision, float* embeddings,
                 float* logits) {
  const c10::NoGradGuard no_grad;  // thread-local, and this may be a worker thread
  const at::Tensor pixels = data::normalize(bytes, at::arange(bytes.size(0), at::kLong), preprocessor);
  at::Tensor cls, scores;
  {
    const model::PrecisionScope scope(precision, at::kCPU);
    const at::Tensor features = model.features(pixels);
    cls = features.narrow(1, 0, model.config().hidden_size);
    scores = model.classify(features);
  }
  const auto copy_out = [](const at::Tensor& from, float* to) {
    const at::Tensor values = from.to(at::kFloat).contiguous();
    std::memcpy(to, values.const_data_ptr<float>(), values.nbytes());
  };
  copy_out(cls, embeddings);
  copy_out(scores, logits);
}

}  // namespace

std::int64_t block_size(const model::VitConfig& config) {
  const std::int64_t widest =
      4 * config.num_tokens() * std::max(config.intermediate_size, 3 * config.hidden_size);
  return std::clamp(kWidestActivation / widest, kLeastBlock, kLargestBlock);
}

store::EmbeddedRows embed_blocks(const model::Vit& model, data::ImageCache& images,
                                 const data::PreprocessorConfig& preprocessor, model::Precision precision,
                                 std::int64_t first_block, std::int64_t last_block,
                                 const std::function<void(std::int64_t images)>& on_progress) {
  const std::int64_t size = block_size(model.config()), num_images = images.labels().size(0);
  const std::int64_t first_row = first_block * size, last_row = std::min(last_block * size, num_images);
  const std::int64_t columns = model.config().hidden_size, classes = model.config().num_labels();
  store::EmbeddedRows rows;
  rows.embeddings.resize(static_cast<std::size_t>((last_row - first_row) * columns));
  rows.logits.resize(static_cast<std::size_t>((last_row - first_row) * classes));

  // A few blocks at a time: the next ones' images are made while these are computed.
  const std::int64_t rows_at_once = std::int64_t{4} * at::get_num_threads() * size;
  const auto rows_from = [&](std::int64_t row) {
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::clamp<std::int64_t>(last_row - row, 0, rows_at_once)));
    std::iota(indices.begin(), indices.end(), row);
    return indices;
  };
  for (std::int64_t row = first_row; row < last_row; row += rows_at_once) {
    const std::vector<std::int64_t> now = rows_from(row), next = rows_from(row + rows_at_once);
    const at::Tensor bytes = images.pixels(now, 0);
    if (!next.empty()) images.prefetch(next, 0);
    const auto count = static_cast<std::int64_t>(now.size());
    comm::for_each_task((count + size - 1) / size, [&](std::int64_t block) {
      const std::int64_t begin = block * size, at = row - first_row + begin;
      embed_block(model, bytes.narrow(0, begin, std::min(size, count - begin)), preprocessor, precision,
                  rows.embeddings.data() + at * columns, rows.logits.data() + at * classes);
    });
    if (on_progress) on_progress(count);
  }
  return rows;
}

}  // namespace zoetrope::embed
