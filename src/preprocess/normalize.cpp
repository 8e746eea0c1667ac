// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/stack.h>

#include "zoetrope/preprocess/preprocess.hpp"

#include "normalizer.hpp"

namespace zoetrope::preprocess {
namespace {

constexpr std::int64_t kColours = 3;
using Normalizers = std::array<Normalizer, kColours>;

Normalizers normalizers_of(const PreprocessorConfig& config) {
  const auto of_colour = [&](std::size_t colour) {
    const double factor = config.do_rescale ? config.rescale_factor : 1.0;
    if (!config.do_normalize) return Normalizer(factor, 0.0f, 1.0f);
    return Normalizer(factor, static_cast<float>(config.image_mean[colour]),
                      static_cast<float>(config.image_std[colour]));
  };
  return {of_colour(0), of_colour(1), of_colour(2)};
}

at::Tensor normalize_on_host(const at::Tensor& pixels, const at::Tensor& indices,
                             const Normalizers& normalizers) {
  const at::Tensor rows = indices.contiguous();
  const std::int64_t* row = rows.const_data_ptr<std::int64_t>();
  const std::int64_t channels = pixels.size(1);
  const std::int64_t plane = pixels.size(2) * pixels.size(3);
  at::Tensor result = at::empty({rows.numel(), kColours, pixels.size(2), pixels.size(3)}, at::kFloat);
  const auto* bytes = pixels.const_data_ptr<std::uint8_t>();
  auto* values = result.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows.numel(); ++i) {
    TORCH_CHECK_INDEX(row[i] >= 0 && row[i] < pixels.size(0), "normalize: index ", row[i], " is outside the ",
                      pixels.size(0), " images");
  }
  at::parallel_for(0, rows.numel() * kColours, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t colour = i % kColours;
      const std::int64_t source = row[i / kColours] * channels + (channels == 1 ? 0 : colour);
      normalizers[static_cast<std::size_t>(colour)].apply(bytes + source * plane, plane, values + i * plane);
    }
  });
  return result;
}

// The same arithmetic on the device that holds the pixels, without sending it a table in every step.
at::Tensor normalize_on_device(const at::Tensor& pixels, const PreprocessorConfig& config) {
  const double factor = config.do_rescale ? config.rescale_factor : 1.0;
  at::Tensor values = pixels.to(at::kDouble).mul_(factor).to(at::kFloat);
  if (!config.do_normalize) return values.expand({values.size(0), kColours, values.size(2), values.size(3)});
  std::vector<at::Tensor> colours;
  for (std::int64_t c = 0; c < kColours; ++c) {
    const auto index = static_cast<std::size_t>(c);
    const at::Tensor channel = values.select(1, values.size(1) == 1 ? 0 : c);
    colours.push_back(channel.sub(config.image_mean[index]).div_(config.image_std[index]));
  }
  return at::stack(colours, 1);
}

void check_pixels(const at::Tensor& pixels) {
  TORCH_CHECK(pixels.dim() == 4 && pixels.scalar_type() == at::kByte && pixels.is_contiguous() &&
                  (pixels.size(1) == 1 || pixels.size(1) == kColours),
              "normalize: pixels must be contiguous bytes of shape [N, 1 or 3, H, W]");
}

}  // namespace

at::Tensor normalize(const at::Tensor& pixels, const PreprocessorConfig& config) {
  check_pixels(pixels);
  if (!pixels.is_cpu()) return normalize_on_device(pixels, config);
  return normalize_on_host(pixels, at::arange(pixels.size(0), at::kLong), normalizers_of(config));
}

at::Tensor normalize(const at::Tensor& pixels, const at::Tensor& indices, const PreprocessorConfig& config) {
  check_pixels(pixels);
  TORCH_CHECK(indices.dim() == 1 && indices.scalar_type() == at::kLong,
              "normalize: indices must be int64 [B]");
  if (!pixels.is_cpu()) return normalize_on_device(pixels.index_select(0, indices), config);
  return normalize_on_host(pixels, indices.cpu(), normalizers_of(config));
}

}  // namespace zoetrope::preprocess
