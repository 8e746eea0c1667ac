// SPDX-License-Identifier: Apache-2.0
#include "resample.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "zoetrope/support/trace.hpp"

#include "byte_kernels.hpp"

namespace zoetrope::preprocess {
namespace {

constexpr std::size_t kStrip = 64;  // rows turned at a time: a strip of a wide photograph stays in the cache

double triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double box(double x) {
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double hamming(double x) {
  x = std::abs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  // Pillow's constants have the precision of float32.
  return sinc(x) * (static_cast<double>(0.54f) + static_cast<double>(0.46f) * std::cos(x * std::numbers::pi));
}

double lanczos(double x) {
  return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

// Keys' cubic convolution with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

struct Filter {
  double (*kernel)(double);
  double support;  // from the middle to where it ends
};

Filter filter_of(Resample resample) {
  switch (resample) {
    case Resample::kNearest:  // has none
    case Resample::kBilinear:
      break;
    case Resample::kLanczos:
      return {lanczos, 3.0};
    case Resample::kBicubic:
      return {cubic, 2.0};
    case Resample::kBox:
      return {box, 0.5};
    case Resample::kHamming:
      return {hamming, 1.0};
  }
  return {triangle, 1.0};
}

// Pillow 13's choice of the order of the two passes, which shows in the last bit; earlier versions never
// chose this.
bool shrinks_mostly_in_height(const Axis& vertical, const Axis& horizontal) {
  const int lost_rows = vertical.in - vertical.out;
  return lost_rows > 0 && lost_rows > std::int64_t{2} * (horizontal.in - horizontal.out);
}

// Geometry.c's ImagingScaleAffine: the position is summed up, not multiplied, and cut, not rounded.
std::vector<int> nearest_positions(const Axis& axis) {
  const double step = static_cast<double>(axis.in) / axis.out;
  double position = step * 0.5;
  std::vector<int> positions;
  for (int o = 0; o < axis.offset + axis.count; ++o, position += step) {
    if (o >= axis.offset) positions.push_back(std::min(static_cast<int>(position), axis.in - 1));
  }
  return positions;
}

}  // namespace

AxisWeights axis_weights(const Axis& axis, Resample resample) {
  const Filter filter = filter_of(resample);
  const double scale = static_cast<double>(axis.in) / axis.out;
  const double filter_scale = std::max(scale, 1.0);  // shrinking widens the filter: antialiasing
  const double support = filter.support * filter_scale;
  AxisWeights result;
  result.taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  result.weights.resize(static_cast<std::size_t>(axis.count) * static_cast<std::size_t>(result.taps));
  std::vector<double> row(static_cast<std::size_t>(result.taps));
  std::int32_t* weights = result.weights.data();
  for (int o = axis.offset; o < axis.offset + axis.count; ++o, weights += result.taps) {
    const double center = (o + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int count = std::min(static_cast<int>(center + support + 0.5), axis.in) - first;
    double total = 0.0;
    for (int t = 0; t < count; ++t) {
      row[static_cast<std::size_t>(t)] = filter.kernel((t + first - center + 0.5) * (1.0 / filter_scale));
      total += row[static_cast<std::size_t>(t)];
    }
    for (int t = 0; t < count; ++t) {
      const double weight =
          row[static_cast<std::size_t>(t)] / (total != 0.0 ? total : 1.0) * (1 << kPrecisionBits);
      weights[t] = static_cast<std::int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    result.first.push_back(first);
    result.count.push_back(count);
  }
  return result;
}

Resizer::Resizer(const Axis& vertical, const Axis& horizontal, Resample filter)
    : vertical_(vertical),
      horizontal_(horizontal),
      filter_(filter),
      vertical_first_(shrinks_mostly_in_height(vertical, horizontal)) {
  if (filter == Resample::kNearest) {
    nearest_x_ = nearest_positions(horizontal);
    nearest_y_ = nearest_positions(vertical);
    return;
  }
  if (!horizontal.is_identity()) horizontal_weights_ = axis_weights(horizontal, filter);
  if (!vertical.is_identity()) vertical_weights_ = axis_weights(vertical, filter);
}

void Resizer::run(const Image& image, std::span<std::uint8_t> planes) {
  if (filter_ == Resample::kNearest) return pick_nearest(image, planes.data());
  const auto channels = static_cast<std::size_t>(image.channels);
  const auto in_height = static_cast<std::size_t>(vertical_.in);
  const auto in_width = static_cast<std::size_t>(horizontal_.in);
  const auto height = static_cast<std::size_t>(vertical_.count);
  const auto width = static_cast<std::size_t>(horizontal_.count);
  if (vertical_.is_identity()) return resize_rows(image.pixels.data(), in_height, channels, planes.data());
  const trace::Span span("resizing");
  if (vertical_first_) {
    between_.resize(height * in_width * channels);
    weigh_rows(image.pixels.data(), in_width * channels, vertical_weights_, between_.data());
    return resize_rows(between_.data(), height, channels, planes.data());
  }
  between_.resize(channels * in_height * width);
  resize_rows(image.pixels.data(), in_height, channels, between_.data());
  for (std::size_t c = 0; c < channels; ++c) {
    weigh_rows(between_.data() + c * in_height * width, width, vertical_weights_,
               planes.data() + c * height * width);
  }
}

// The horizontal pass, from interleaved channels to [C, height, width]. Turned by 90 degrees a pixel's
// neighbours in its row lie in the rows above and below, which weigh_rows adds many columns at a time.
void Resizer::resize_rows(const std::uint8_t* pixels, std::size_t height, std::size_t channels,
                          std::uint8_t* planes) {
  const auto in_width = static_cast<std::size_t>(horizontal_.in);
  if (horizontal_.is_identity()) return split_channels(pixels, height * in_width, channels, planes);
  const auto width = static_cast<std::size_t>(horizontal_.count);
  for (std::size_t first_row = 0; first_row < height; first_row += kStrip) {
    const std::size_t rows = std::min(kStrip, height - first_row);
    columns_.resize(in_width * channels * rows);
    transpose(pixels + first_row * in_width * channels, rows, in_width * channels, in_width * channels,
              columns_.data(), rows);
    narrowed_.resize(width * channels * rows);
    weigh_rows(columns_.data(), channels * rows, horizontal_weights_, narrowed_.data());
    for (std::size_t c = 0; c < channels; ++c) {
      transpose(narrowed_.data() + c * rows, width, rows, channels * rows,
                planes + (c * height + first_row) * width, width);
    }
  }
}

void Resizer::pick_nearest(const Image& image, std::uint8_t* planes) const {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(horizontal_.in) * channels;
  for (std::size_t c = 0; c < channels; ++c) {
    for (const int y : nearest_y_) {
      const std::uint8_t* row = image.pixels.data() + static_cast<std::size_t>(y) * row_bytes + c;
      for (const int x : nearest_x_) *planes++ = row[static_cast<std::size_t>(x) * channels];
    }
  }
}

Image join_channels(std::span<const std::uint8_t> planes, int height, int width, int channels) {
  Image image{height, width, channels, std::vector<std::uint8_t>(planes.size())};
  const std::size_t plane = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  const auto step = static_cast<std::size_t>(channels);
  transpose(planes.data(), step, plane, plane, image.pixels.data(), step);
  return image;
}

}  // namespace zoetrope::preprocess
