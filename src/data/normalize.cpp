// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/stack.h>

#include "zoetrope/data/preprocess.hpp"

namespace zoetrope::data {
namespace {

constexpr std::int64_t kColours = 3;
constexpr std::size_t kByteValues = 256;
using ByteTable = std::array<float, kByteValues>;

// What each byte becomes in each channel, in ViTImageProcessorPil's arithmetic: the rescale in double,
// rounded to float, then mean and deviation in float. A table makes every pixel independent of the batch
// around it.
std::array<ByteTable, kColours> value_tables(const PreprocessorConfig& config) {
  std::array<ByteTable, kColours> tables{};
  for (std::size_t c = 0; c < tables.size(); ++c) {
    const auto mean = static_cast<float>(config.image_mean[c]);
    const auto deviation = static_cast<float>(config.image_std[c]);
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
      const double rescaled = static_cast<double>(byte) * (config.do_rescale ? config.rescale_factor : 1.0);
      const auto value = static_cast<float>(rescaled);
      tables[c][byte] = config.do_normalize ? (value - mean) / deviation : value;
    }
  }
  return tables;
}

// Eight bytes are loaded at once: the loads, of which a core does two or three a cycle, are what this costs.
void look_up(const std::uint8_t* bytes, std::int64_t count, const ByteTable& table, float* out) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + i, sizeof eight);
    for (int k = 0; k < 8; ++k) out[i + k] = table[eight >> (8 * k) & 0xff];
  }
  for (; i < count; ++i) out[i] = table[bytes[i]];
}

at::Tensor normalize_on_host(const at::Tensor& pixels, const at::Tensor& indices,
                             const std::array<ByteTable, kColours>& tables) {
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
      look_up(bytes + source * plane, plane, tables[static_cast<std::size_t>(colour)], values + i * plane);
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
  return normalize_on_host(pixels, at::arange(pixels.size(0), at::kLong), value_tables(config));
}

at::Tensor normalize(const at::Tensor& pixels, const at::Tensor& indices, const PreprocessorConfig& config) {
  check_pixels(pixels);
  TORCH_CHECK(indices.dim() == 1 && indices.scalar_type() == at::kLong,
              "normalize: indices must be int64 [B]");
  if (!pixels.is_cpu()) return normalize_on_device(pixels.index_select(0, indices), config);
  return normalize_on_host(pixels, indices.cpu(), value_tables(config));
}

}  // namespace zoetrope::data
