// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/preprocess/image_cache.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <exception>
#include <latch>
#include <mutex>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include "zoetrope/compute/large_buffer.hpp"
#include "zoetrope/compute/upload.hpp"
#include "zoetrope/compute/worker_pool.hpp"
#include "zoetrope/support/trace.hpp"

#include "plane_writer.hpp"

namespace zoetrope::preprocess {
namespace {

constexpr std::size_t kDecodedPerTask = 8;

struct Batch {
  Batch(std::vector<std::int64_t> wanted, std::int64_t in_epoch, at::Tensor out)
      : indices(std::move(wanted)), epoch(in_epoch), pixels(std::move(out)), left(std::ssize(indices)) {}

  std::vector<std::int64_t> indices;
  std::int64_t epoch;
  at::Tensor pixels;  // uint8 [B, C, H, W]; each task writes its own images
  std::latch left;    // images still to be made
  std::mutex mutex;
  std::exception_ptr error;  // the first; guarded by `mutex` until `left` is down
};

Image cut(const Image& image, const Crop& crop) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(crop.width) * channels;
  Image part{crop.height, crop.width, image.channels, {}};
  part.pixels.resize(row_bytes * static_cast<std::size_t>(crop.height));
  for (std::size_t y = 0; y < static_cast<std::size_t>(crop.height); ++y) {
    const std::size_t source =
        (static_cast<std::size_t>(crop.top) + y) * static_cast<std::size_t>(image.width) +
        static_cast<std::size_t>(crop.left);
    std::memcpy(part.pixels.data() + y * row_bytes, image.pixels.data() + source * channels, row_bytes);
  }
  return part;
}

// A random crop takes the place of the model's own way to bring an image to its size.
PreprocessorConfig resize_to(Size size, PreprocessorConfig config) {
  config.do_resize = true;
  config.size = ResizeTo{size.height, size.width, false, 0, 0};
  config.do_center_crop = false;
  return config;
}

at::Tensor read_labels(const data::Dataset& dataset) {
  at::Tensor labels = at::empty({dataset.size()}, at::kLong);
  for (std::int64_t i = 0; i < dataset.size(); ++i)
    labels.mutable_data_ptr<std::int64_t>()[i] = dataset.label(i);
  return labels;
}

}  // namespace

class ImageCache::Impl {
 public:
  Impl(std::shared_ptr<const data::Dataset> dataset, const PreprocessorConfig& config,
       const ImageCacheOptions& options)
      : dataset_(std::move(dataset)),
        config_(config),
        options_(options),
        output_(output_size(config, dataset_->size() > 0 ? dataset_->image(0) : Image{1, 1, 1, {0}})),
        channels_(dataset_->channels() == 1 ? 1 : 3),
        uploader_(options.device) {
    const std::int64_t n = dataset_->size();
    const bool keeps = options.augmentation == Augmentation::kNone;
    if (!keeps) config_ = resize_to(output_, config);
    const auto capacity =
        static_cast<std::int64_t>(std::min(options.max_bytes / image_bytes(), static_cast<std::uint64_t>(n)));
    if (keeps && capacity == n) {
      PixelStore store = load_pixels(*dataset_, config_);
      all_ = store.pixels;
      labels_ = store.labels;
      if (all_.nbytes() <= options.max_device_bytes) all_on_device_ = all_.to(options.device);
      return;
    }
    labels_ = read_labels(*dataset_);
    kept_ = compute::large_bytes({keeps ? capacity : 0, channels_, output_.height, output_.width});
    slot_of_.assign(static_cast<std::size_t>(n), kNoSlot);
    pool_ = std::make_unique<compute::WorkerPool>(std::max(options.num_threads, 1), "zt-images");
  }

  const at::Tensor& labels() const { return labels_; }

  at::Tensor labels(std::span<const std::int64_t> indices) const {
    return uploader_.upload(labels_.index_select(0, rows_of(indices)));
  }

  at::Tensor pixels_on_device(std::span<const std::int64_t> indices, std::int64_t epoch) {
    if (all_on_device_.defined()) return all_on_device_.index_select(0, uploader_.upload(rows_of(indices)));
    if (all_.defined()) return uploader_.upload(all_.index_select(0, rows_of(indices)));
    return uploader_.upload(pixels(indices, epoch));
  }

  void prefetch(std::vector<std::int64_t> indices, std::int64_t epoch) {
    if (!all_.defined()) begun_.push_back(begin(std::move(indices), epoch));
  }

  at::Tensor pixels(std::span<const std::int64_t> indices, std::int64_t epoch) {
    std::shared_ptr<Batch> batch = take_begun(indices, epoch);
    if (!batch) batch = begin({indices.begin(), indices.end()}, epoch);
    {
      const trace::Span span("waiting for images");
      batch->left.wait();
    }
    // Taken out, so that no worker that still holds the batch frees the error that the caller reads.
    if (batch->error) std::rethrow_exception(std::exchange(batch->error, nullptr));
    return batch->pixels;
  }

 private:
  static constexpr std::int64_t kNoSlot = -1;

  static at::Tensor rows_of(std::span<const std::int64_t> indices) {
    at::Tensor rows = at::empty({static_cast<std::int64_t>(indices.size())}, at::kLong);
    std::ranges::copy(indices, rows.mutable_data_ptr<std::int64_t>());
    return rows;
  }

  std::uint64_t image_bytes() const {
    return static_cast<std::uint64_t>(channels_) * static_cast<std::uint64_t>(output_.height) *
           static_cast<std::uint64_t>(output_.width);
  }

  std::shared_ptr<Batch> begin(std::vector<std::int64_t> indices, std::int64_t epoch) {
    for (const std::int64_t index : indices)
      TORCH_CHECK_INDEX(index >= 0 && index < dataset_->size(), "ImageCache: there is no image ", index);
    const auto size = static_cast<std::int64_t>(indices.size());
    auto batch = std::make_shared<Batch>(
        std::move(indices), epoch, at::empty({size, channels_, output_.height, output_.width}, at::kByte));
    for (std::size_t first = 0; first < batch->indices.size(); first += kDecodedPerTask)
      pool_->submit([this, batch, first] { make_images(*batch, first); });
    return batch;
  }

  // The batch that was prefetched for this; those prefetched before it were not wanted after all.
  std::shared_ptr<Batch> take_begun(std::span<const std::int64_t> indices, std::int64_t epoch) {
    const auto found = std::ranges::find_if(begun_, [&](const std::shared_ptr<Batch>& batch) {
      return batch->epoch == epoch && std::ranges::equal(batch->indices, indices);
    });
    if (found == begun_.end()) return nullptr;
    std::shared_ptr<Batch> batch = *found;
    begun_.erase(begun_.begin(), std::next(found));
    return batch;
  }

  // Runs on the workers.
  void make_images(Batch& batch, std::size_t first) {
    const std::size_t last = std::min(first + kDecodedPerTask, batch.indices.size());
    const trace::Span span("preparing images", "images", static_cast<std::int64_t>(last - first));
    auto* target = batch.pixels.mutable_data_ptr<std::uint8_t>() + first * image_bytes();
    try {
      PlaneWriter writer(config_, output_);
      for (std::size_t i = first; i < last; ++i, target += image_bytes())
        make_image(batch.indices[i], batch.epoch, writer, target);
    } catch (...) {
      const std::lock_guard lock(batch.mutex);
      if (!batch.error) batch.error = std::current_exception();
    }
    batch.left.count_down(static_cast<std::ptrdiff_t>(last - first));
  }

  void make_image(std::int64_t index, std::int64_t epoch, PlaneWriter& writer, std::uint8_t* target) {
    if (copy_kept(index, target)) return;
    Image image = dataset_->image(index);
    bool flip = false;
    if (options_.augmentation == Augmentation::kFlipCrop) {
      const Crop crop = draw_crop(image.height, image.width, options_.seed, epoch, index);
      image = cut(image, crop);
      flip = crop.flip;
    }
    const std::size_t plane = image_bytes() / static_cast<std::size_t>(channels_);
    if (image.channels > channels_) throw std::logic_error("a dataset of grey images holds a coloured one");
    write_image(writer, *dataset_, index, image, {target, static_cast<std::size_t>(image.channels) * plane});
    for (int c = image.channels; c < channels_; ++c)
      std::copy_n(target, plane, target + static_cast<std::size_t>(c) * plane);
    if (flip) {
      for (std::uint8_t* row = target; row < target + image_bytes(); row += output_.width)
        std::reverse(row, row + output_.width);
    }
    keep(index, target);
  }

  bool copy_kept(std::int64_t index, std::uint8_t* target) {
    std::int64_t slot = kNoSlot;
    {
      const std::lock_guard lock(mutex_);
      slot = slot_of_[static_cast<std::size_t>(index)];
    }
    if (slot == kNoSlot) return false;
    std::memcpy(target, kept_.const_data_ptr<std::uint8_t>() + static_cast<std::size_t>(slot) * image_bytes(),
                image_bytes());
    return true;
  }

  // Who comes first stays: in a random order each image is as likely to be wanted next as any other, so that
  // to exchange them would win nothing.
  void keep(std::int64_t index, const std::uint8_t* source) {
    const std::lock_guard lock(mutex_);
    if (slots_used_ == kept_.size(0) || slot_of_[static_cast<std::size_t>(index)] != kNoSlot) return;
    std::memcpy(
        kept_.mutable_data_ptr<std::uint8_t>() + static_cast<std::size_t>(slots_used_) * image_bytes(),
        source, image_bytes());
    slot_of_[static_cast<std::size_t>(index)] = slots_used_++;
  }

  std::shared_ptr<const data::Dataset> dataset_;
  PreprocessorConfig config_;
  ImageCacheOptions options_;
  Size output_;
  int channels_;
  at::Tensor labels_;
  compute::Uploader uploader_;
  at::Tensor all_;            // [N, C, H, W], or undefined
  at::Tensor all_on_device_;  // the same, or undefined
  at::Tensor kept_;           // [slots, C, H, W]; a slot is written once
  std::mutex mutex_;          // of slot_of_ and slots_used_
  std::vector<std::int64_t> slot_of_;
  std::int64_t slots_used_ = 0;
  std::deque<std::shared_ptr<Batch>> begun_;
  std::unique_ptr<compute::WorkerPool> pool_;  // last: its threads use all of the above
};

ImageCache::ImageCache(std::shared_ptr<const data::Dataset> dataset, const PreprocessorConfig& config,
                       const ImageCacheOptions& options)
    : impl_(std::make_unique<Impl>(std::move(dataset), config, options)) {}
ImageCache::~ImageCache() = default;

const at::Tensor& ImageCache::labels() const {
  return impl_->labels();
}

void ImageCache::prefetch(std::vector<std::int64_t> indices, std::int64_t epoch) {
  impl_->prefetch(std::move(indices), epoch);
}

at::Tensor ImageCache::pixels(std::span<const std::int64_t> indices, std::int64_t epoch) {
  return impl_->pixels_on_device(indices, epoch);
}

at::Tensor ImageCache::labels(std::span<const std::int64_t> indices) const {
  return impl_->labels(indices);
}

}  // namespace zoetrope::preprocess
