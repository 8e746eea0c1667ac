// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extractor.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

namespace zoetrope::embed {

namespace {

constexpr std::int64_t kWidestActivation = std::int64_t{2}
                                           << 20;  // bytes; about what a core's own cache holds
constexpr std::int64_t kLeastBlock = 8;
constexpr std::int64_t kLargestBlock = 256;

void embed_block(const model::Vit& model, const data::PixelStore& images,
                 const data::PreprocessorConfig& preprocessor, model::Precision precision, std::int64_t first,
                 std::int64_t count, float* embeddings, float* logits) {
  const c10::NoGradGuard no_grad;  // thread-local, and this may be a worker thread
  const at::Tensor indices = at::arange(first, first + count, at::kLong);
  const at::Tensor pixels = data::normalize(images.pixels, indices, preprocessor);
  at::Tensor cls, scores;
  {
    const model::PrecisionScope scope(precision, at::kCPU);
    cls = model.embed(pixels);
    scores = model.classify(cls);
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

store::EmbeddedRows embed_blocks(const model::Vit& model, const data::PixelStore& images,
                                 const data::PreprocessorConfig& preprocessor, model::Precision precision,
                                 int threads, std::int64_t first_block, std::int64_t last_block,
                                 const std::function<void(std::int64_t images)>& on_progress) {
  const std::int64_t size = block_size(model.config()), num_images = images.labels.size(0);
  const std::int64_t first_row = first_block * size, last_row = std::min(last_block * size, num_images);
  const std::int64_t columns = model.config().hidden_size, classes = model.config().num_labels();
  store::EmbeddedRows rows;
  rows.embeddings.resize(static_cast<std::size_t>((last_row - first_row) * columns));
  rows.logits.resize(static_cast<std::size_t>((last_row - first_row) * classes));

  // One block a thread at a time: inside a parallel region libtorch's operations stay on their own thread.
  for (std::int64_t block = first_block; block < last_block; block += threads) {
    const std::int64_t end = std::min<std::int64_t>(block + threads, last_block);
    at::parallel_for(block, end, 1, [&](std::int64_t begin, std::int64_t stop) {
      for (std::int64_t b = begin; b < stop; ++b) {
        const std::int64_t row = b * size, count = std::min(size, last_row - row), at = row - first_row;
        embed_block(model, images, preprocessor, precision, row, count, rows.embeddings.data() + at * columns,
                    rows.logits.data() + at * classes);
      }
    });
    if (on_progress) on_progress(std::min(end * size, last_row) - block * size);
  }
  return rows;
}

}  // namespace zoetrope::embed
