// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extractor.hpp"

#include <algorithm>
#include <cstring>

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

void embed_block(const model::Vit& model, const data::PixelStore& images,
                 const data::PreprocessorConfig& preprocessor, model::Precision precision, std::int64_t first,
                 std::int64_t count, float* embeddings, float* logits) {
  const c10::NoGradGuard no_grad;  // thread-local, and this may be a worker thread
  const at::Tensor indices = at::arange(first, first + count, at::kLong);
  const at::Tensor pixels = data::normalize(images.pixels, indices, preprocessor);
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

store::EmbeddedRows embed_blocks(const model::Vit& model, const data::PixelStore& images,
                                 const data::PreprocessorConfig& preprocessor, model::Precision precision,
                                 std::int64_t first_block, std::int64_t last_block,
                                 const std::function<void(std::int64_t images)>& on_progress) {
  const std::int64_t size = block_size(model.config()), num_images = images.labels.size(0);
  const std::int64_t first_row = first_block * size, last_row = std::min(last_block * size, num_images);
  const std::int64_t columns = model.config().hidden_size, classes = model.config().num_labels();
  store::EmbeddedRows rows;
  rows.embeddings.resize(static_cast<std::size_t>((last_row - first_row) * columns));
  rows.logits.resize(static_cast<std::size_t>((last_row - first_row) * classes));

  const std::int64_t blocks_at_once =
      std::int64_t{4} * at::get_num_threads();  // between two reports of progress
  for (std::int64_t begin = first_block; begin < last_block; begin += blocks_at_once) {
    const std::int64_t end = std::min(begin + blocks_at_once, last_block);
    comm::for_each_task(end - begin, [&](std::int64_t i) {
      const std::int64_t row = (begin + i) * size, count = std::min(size, last_row - row),
                         at = row - first_row;
      embed_block(model, images, preprocessor, precision, row, count, rows.embeddings.data() + at * columns,
                  rows.logits.data() + at * classes);
    });
    if (on_progress) on_progress(std::min(end * size, last_row) - begin * size);
  }
  return rows;
}

}  // namespace zoetrope::embed
