// SPDX-License-Identifier: Apache-2.0
#include "scatter.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "blend_row.hpp"

namespace zoetrope::render {
namespace {

// Is (x, y) in the shape of the same area as a disc of radius 1? (The ring has a larger outline.)
bool inside(Shape shape, double x, double y) {
  constexpr double kHalfSide = 0.886;  // sqrt(pi) / 2
  constexpr double kTriangle = 0.778;  // inradius of an equilateral triangle of area pi
  switch (shape) {
    case Shape::kDisc:
      return x * x + y * y <= 1;
    case Shape::kSquare:
      return std::abs(x) <= kHalfSide && std::abs(y) <= kHalfSide;
    case Shape::kTriangle:
      return y <= kTriangle && std::abs(x) * std::numbers::sqrt3 - y <= 2 * kTriangle;
    case Shape::kDiamond:
      return std::abs(x) + std::abs(y) <= kHalfSide * std::numbers::sqrt2;
    case Shape::kRing: {
      const double d = std::hypot(x, y);
      return d <= 1.25 && d >= 0.7;
    }
  }
  return false;
}

// The farthest that a shape reaches from its centre, for radius 1.
constexpr double kReach = 1.6;

// Of a hollow mark the rim alone.
bool inside(Shape shape, double hole, double x, double y) {
  if (hole == 0) return inside(shape, x, y);
  if (shape == Shape::kRing)
    return inside(Shape::kDisc, x / 1.25, y / 1.25) && std::hypot(x, y) >= 1.25 * hole;
  return inside(shape, x, y) && !inside(shape, x / hole, y / hole);
}

double coverage(Shape shape, const MarkStyle& style, double pixel_x, double pixel_y) {
  constexpr int kSamples = 8;
  int hits = 0;
  for (int i = 0; i < kSamples; ++i) {
    for (int j = 0; j < kSamples; ++j) {
      const double x = pixel_x + (i + 0.5) / kSamples;
      const double y = pixel_y + (j + 0.5) / kSamples;
      hits += inside(shape, style.hole, x / style.radius, y / style.radius) ? 1 : 0;
    }
  }
  return static_cast<double>(hits) / (kSamples * kSamples);
}

}  // namespace

MarkStyle mark_style(std::size_t num_points, double side) {
  const double n = std::max<double>(1, static_cast<double>(num_points));
  return {.radius = side * std::clamp(0.0352 * std::pow(n, -0.25), 0.0015, 0.009),
          .opacity = std::clamp(1.50 - 0.22 * std::log10(n), 0.16, 0.9)};
}

Stamp::Stamp(Shape shape, const MarkStyle& style) {
  size_ = static_cast<int>(std::ceil(2 * style.radius * (shape == Shape::kDisc ? 1.0 : kReach))) + 1;
  stride_ = (size_ + kChunk - 1) / kChunk * kChunk;
  masks_.resize(std::size_t{kPhases} * kPhases * static_cast<std::size_t>(size_) *
                static_cast<std::size_t>(stride_) * 4);
  std::uint8_t* out = masks_.data();
  for (int phase_y = 0; phase_y < kPhases; ++phase_y) {
    for (int phase_x = 0; phase_x < kPhases; ++phase_x) {
      // press() rounds down to the phase; its middle is where the mark stands.
      const double centre_x = size_ / 2.0 - 0.5 + (phase_x + 0.5) / kPhases;
      const double centre_y = size_ / 2.0 - 0.5 + (phase_y + 0.5) / kPhases;
      for (int y = 0; y < size_; ++y, out += std::ptrdiff_t{4} * stride_) {
        for (int x = 0; x < size_; ++x) {
          const double share = coverage(shape, style, x - centre_x, y - centre_y);
          std::memset(out + std::ptrdiff_t{4} * x, static_cast<int>(std::lround(255 * style.opacity * share)),
                      4);
        }
      }
    }
  }
}

const std::uint8_t* Stamp::mask(int phase_x, int phase_y) const {
  return masks_.data() + static_cast<std::ptrdiff_t>((phase_y * kPhases + phase_x) * size_ * stride_ * 4);
}

void Stamp::press(Picture& picture, const Rect& clip, double x, double y, Colour colour) const {
  // The mask's left top corner, in eighths of a pixel.
  const auto corner_x = static_cast<int>(std::floor((x - size_ / 2.0 + 0.5) * kPhases));
  const auto corner_y = static_cast<int>(std::floor((y - size_ / 2.0 + 0.5) * kPhases));
  const int left = corner_x >> 3;
  const int top = corner_y >> 3;
  const std::uint8_t* in = mask(corner_x & 7, corner_y & 7);
  std::uint32_t ink[kChunk];
  std::fill_n(ink, kChunk, pixel_of(colour));
  const auto* ink_bytes = reinterpret_cast<const std::uint8_t*>(ink);

  const int clip_left = std::max(0, static_cast<int>(std::ceil(clip.x)));
  const int clip_right = std::min(picture.width, static_cast<int>(std::floor(clip.right())));
  const int first_row = std::max({top, 0, static_cast<int>(std::ceil(clip.y))});
  const int last_row = std::min({top + size_, picture.height, static_cast<int>(std::floor(clip.bottom()))});
  const bool whole = left >= clip_left && left + stride_ <= clip_right;
  for (int row = first_row; row < last_row; ++row) {
    const std::uint8_t* mask_row = in + static_cast<std::ptrdiff_t>(row - top) * stride_ * 4;
    std::uint32_t* line = picture.pixels.data() + static_cast<std::ptrdiff_t>(row) * picture.width;
    if (whole) {
      blend_row(reinterpret_cast<std::uint8_t*>(line + left), mask_row, ink_bytes, stride_ / kChunk);
      continue;
    }
    for (int i = std::max(0, clip_left - left); i < size_ && left + i < clip_right; ++i) {
      std::uint8_t pixel[kBlendChunk] = {};
      std::uint8_t share[kBlendChunk] = {};
      std::memcpy(pixel, line + left + i, 4);
      std::memcpy(share, mask_row + std::ptrdiff_t{4} * i, 4);
      blend_row(pixel, share, ink_bytes, 1);
      std::memcpy(line + left + i, pixel, 4);
    }
  }
}

std::vector<Stamp> make_stamps(std::size_t num_classes, const MarkStyle& style) {
  const std::size_t shapes = (num_classes + kNumClassColours - 1) / kNumClassColours;
  std::vector<Stamp> stamps;
  for (std::size_t i = 0; i < std::clamp<std::size_t>(shapes, 1, kNumShapes); ++i)
    stamps.emplace_back(static_cast<Shape>(i), style);
  return stamps;
}

Scatter::Scatter(const Rect& square, const PlaneMap& map, const MarkStyle& style,
                 std::vector<ClassMark> marks, std::span<const std::int64_t> label, const Drawn& drawn)
    : square_(square),
      map_(map),
      marks_(std::move(marks)),
      label_(label),
      farthest_(drawn.farthest),
      order_(label.size()),
      stamps_(make_stamps(marks_.size(), style)) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (drawn.order == Order::kByClass) {
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return label[a] < label[b]; });
  }
}

void Scatter::draw(Picture& picture, std::span<const double> points, const std::vector<Stamp>& stamps,
                   std::optional<Colour> colour) const {
  for (const std::size_t i : order_) {
    const auto label = static_cast<std::size_t>(label_[i]);
    if (2 * i + 1 >= points.size() || label >= marks_.size()) continue;
    const double x = points[2 * i];
    const double y = points[2 * i + 1];
    // Also false for nan.
    if (!(std::abs(x) <= farthest_ && std::abs(y) <= farthest_)) continue;
    const ClassMark& mark = marks_[label];
    stamps[static_cast<std::size_t>(mark.shape)].press(picture, square_, map_.x(x), map_.y(y),
                                                       colour.value_or(mark.colour));
  }
}

std::int64_t Scatter::num_outside(std::span<const double> points) {
  std::int64_t count = 0;
  for (std::size_t i = 0; 2 * i + 1 < points.size(); ++i)
    if (const double most = std::max(std::abs(points[2 * i]), std::abs(points[2 * i + 1]));
        std::isfinite(most) && most > kFarthest)
      ++count;
  return count;
}

namespace {

constexpr double kHollowLarger = 1.25, kHole = 0.62, kLeastHollow = 2.5;  // pixels

MarkStyle hollow(const MarkStyle& style) {
  return {std::max(kHollowLarger * style.radius, kLeastHollow), 0.95, kHole};
}

MarkStyle filling(const MarkStyle& style) {
  return {hollow(style).radius, 0.85, 0};
}

}  // namespace

HollowScatter::HollowScatter(const Scatter& tests, const MarkStyle& style,
                             std::span<const std::int64_t> label, Colour ground)
    : Scatter(tests, hollow(style), label),
      fillings_(make_stamps(num_classes(), filling(style))),
      ground_(ground) {}

void HollowScatter::draw(Picture& picture, std::span<const double> points) const {
  Scatter::draw(picture, points, fillings_, ground_);
  Scatter::draw(picture, points);
}

}  // namespace zoetrope::render
