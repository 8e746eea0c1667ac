// SPDX-License-Identifier: Apache-2.0
#include "extractor.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include "zoetrope/compute/host_copy.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::embed {

namespace {

// Bytes of the widest activation of a block in float32: what a core's own cache holds, and of what a GPU has
// room for a few at once.
constexpr std::int64_t kWidestOnCore = 1 << 20, kWidestOnDevice = std::int64_t{2} << 30;
constexpr std::int64_t kLeastBlock = 8;
constexpr std::int64_t kLargestBlock = 256;
constexpr std::int64_t kBlocksAtOnce = 16;                    // for each thread, at least
constexpr std::int64_t kBytesAtOnce = std::int64_t{8} << 20;  // of images, where they are small

// The rows of one call of embed_blocks, as they are computed.
class RowsInProgress {
 public:
  RowsInProgress(const model::Vit& model, const preprocess::PreprocessorConfig& preprocessor,
                 model::Precision precision, std::int64_t num_rows)
      : model_(model), preprocessor_(preprocessor), rounded_(model.rounded(precision)) {
    rows_.embeddings.resize(static_cast<std::size_t>(num_rows * model.config().hidden_size));
    rows_.logits.resize(static_cast<std::size_t>(num_rows * model.config().num_labels()));
  }

  // `bytes` (uint8 [B, C, H, W], CPU) become the rows from `first` on, in blocks of `size`, each by one
  // thread. Returns how many there are without a gap: after a signal not all.
  std::int64_t compute_on_host(const at::Tensor& bytes, std::int64_t first, std::int64_t size) {
    std::vector<char> is_done(static_cast<std::size_t>((bytes.size(0) + size - 1) / size));
    try {
      compute::for_each_range(bytes.size(0), size, [&](std::int64_t begin, std::int64_t end) {
        const c10::InferenceMode no_graph;  // thread-local, and this may be a worker thread
        const trace::Span span("embedding", "images", end - begin);
        const auto [cls, scores] = embed(bytes.narrow(0, begin, end - begin));
        store(cls, scores, first + begin);
        is_done[static_cast<std::size_t>(begin / size)] = 1;
      });
    } catch (const Interrupted&) {
      // What is done is kept.
    }
    const auto gap = std::ranges::find(is_done, 0);
    return std::min(size * (gap - is_done.begin()), bytes.size(0));
  }

  // One block on a device, with all it has: queued, while the block before it is on its way to the host.
  void compute_on_device(const at::Tensor& bytes, std::int64_t first) {
    const c10::NoGradGuard no_grad;
    const trace::Span span("embedding", "images", bytes.size(0));
    const auto [cls, scores] = embed(bytes);
    Arriving now{first, compute::HostCopy(cls), compute::HostCopy(scores)};
    std::swap(now, arriving_);
    take(now);
  }

  store::EmbeddedRows finish(std::int64_t num_rows) {
    take(arriving_);
    rows_.embeddings.resize(static_cast<std::size_t>(num_rows * model_.config().hidden_size));
    rows_.logits.resize(static_cast<std::size_t>(num_rows * model_.config().num_labels()));
    return std::move(rows_);
  }

 private:
  struct Arriving {
    std::int64_t first = 0;
    compute::HostCopy cls, scores;
  };

  // CLS rows and logits, float32.
  std::pair<at::Tensor, at::Tensor> embed(const at::Tensor& bytes) const {
    const at::Tensor pixels = preprocess::normalize(bytes, preprocessor_);
    const at::Tensor features = model_.features(pixels, rounded_);
    const at::Tensor cls = features.narrow(1, 0, model_.config().hidden_size);
    return {cls.to(at::kFloat).contiguous(), model_.classify(features, rounded_).to(at::kFloat).contiguous()};
  }

  void store(const at::Tensor& cls, const at::Tensor& scores, std::int64_t first) {
    std::memcpy(rows_.embeddings.data() + first * cls.size(1), cls.const_data_ptr<float>(), cls.nbytes());
    std::memcpy(rows_.logits.data() + first * scores.size(1), scores.const_data_ptr<float>(),
                scores.nbytes());
  }

  void take(const Arriving& block) {
    if (block.cls.wait().defined()) store(block.cls.wait(), block.scores.wait(), block.first);
  }

  const model::Vit& model_;
  const preprocess::PreprocessorConfig& preprocessor_;
  at::Tensor rounded_;
  store::EmbeddedRows rows_;
  Arriving arriving_;
};

}  // namespace

std::int64_t block_size(const model::VitConfig& config, c10::DeviceType device) {
  const std::int64_t widest =
      4 * config.num_tokens() * std::max(config.intermediate_size, 3 * config.hidden_size);
  const std::int64_t most = device == c10::kCPU ? kWidestOnCore : kWidestOnDevice;
  return std::clamp(most / widest, kLeastBlock, kLargestBlock);
}

// On cores some blocks for each thread: threads wait for one another at the end of each time, so small images
// come many at once.
std::int64_t blocks_at_once(const model::VitConfig& config, c10::DeviceType device) {
  if (device != c10::kCPU) return 1;
  const std::int64_t image_bytes = config.num_channels * config.image_size * config.image_size;
  return std::max(kBlocksAtOnce * at::get_num_threads(),
                  kBytesAtOnce / (image_bytes * block_size(config, device)));
}

store::EmbeddedRows embed_blocks(const model::Vit& model, preprocess::ImageCache& images,
                                 const preprocess::PreprocessorConfig& preprocessor,
                                 model::Precision precision, std::int64_t first_block,
                                 std::int64_t last_block,
                                 const std::function<void(std::int64_t images)>& on_progress) {
  const bool on_host = model.flat().is_cpu();
  const std::int64_t size = block_size(model.config(), model.flat().device().type());
  const std::int64_t first_row = first_block * size;
  const std::int64_t last_row = std::min(last_block * size, images.labels().size(0));
  RowsInProgress rows(model, preprocessor, precision, last_row - first_row);

  // The next ones' images are made while these are computed.
  const std::int64_t rows_at_once = size * blocks_at_once(model.config(), model.flat().device().type());
  const auto rows_from = [&](std::int64_t row) {
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::clamp<std::int64_t>(last_row - row, 0, rows_at_once)));
    std::iota(indices.begin(), indices.end(), row);
    return indices;
  };
  std::int64_t num_done = 0;
  for (std::int64_t row = first_row; row < last_row && !support::must_stop(); row += rows_at_once) {
    const std::vector<std::int64_t> now = rows_from(row), next = rows_from(row + rows_at_once);
    const at::Tensor bytes = images.pixels(now, 0);
    if (!next.empty()) images.prefetch(next, 0);
    if (on_host) {
      num_done += rows.compute_on_host(bytes, row - first_row, size);
    } else {
      rows.compute_on_device(bytes, row - first_row);
      num_done += bytes.size(0);
    }
    if (on_progress) on_progress(static_cast<std::int64_t>(now.size()));
  }
  return rows.finish(num_done);
}

}  // namespace zoetrope::embed
