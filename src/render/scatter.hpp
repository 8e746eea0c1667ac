// SPDX-License-Identifier: Apache-2.0
// Points as discs (or other marks), stamped from masks that were drawn once for every sub-pixel position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "geometry.hpp"
#include "palette.hpp"

namespace zoetrope::render {

// Pixels of data coordinates within a square that holds [-5, 5] and the marks of the points at its edge.
class PlaneMap {
 public:
  PlaneMap(const Rect& square, double padding)
      : x0_(square.centre_x()), y0_(square.centre_y()), scale_((square.w / 2 - padding) / 5) {}
  double x(double value) const { return x0_ + value * scale_; }
  double y(double value) const { return y0_ - value * scale_; }

 private:
  double x0_;
  double y0_;
  double scale_;
};

struct MarkStyle {
  double radius = 3;   // pixels
  double opacity = 1;  // of a mark on empty ground
};

// Readable from 10 points to a million on a square of `side` pixels: more points are smaller and more
// transparent.
MarkStyle mark_style(std::size_t num_points, double side);

// One shape at 8 x 8 sub-pixel positions, as coverage.
class Stamp {
 public:
  Stamp(Shape shape, const MarkStyle& style);

  // Blends the mark centred at (x, y) into `picture` in `colour`; what lies outside `clip` is left out.
  void press(Picture& picture, const Rect& clip, double x, double y, Colour colour) const;

 private:
  static constexpr int kPhases = 8;
  static constexpr int kChunk = 4;  // pixels: rows are padded to 16 bytes, one vector register

  const std::uint8_t* mask(int phase_x, int phase_y) const;

  int size_ = 0;                     // rows of a mask
  int stride_ = 0;                   // pixels of a row, padded
  std::vector<std::uint8_t> masks_;  // [phase_y, phase_x, size, stride, 4]: the coverage once per channel
};

// By shape: all that the first `num_classes` classes have.
std::vector<Stamp> make_stamps(std::size_t num_classes, const MarkStyle& style);

// The marks of all classes of a scene.
class Scatter {
 public:
  // Which points lie above which: in the order of the data, which favours no class, or class over class.
  enum class Order { kByIndex, kByClass };

  // `label` [N] must outlive it.
  Scatter(const Rect& square, const PlaneMap& map, const MarkStyle& style, std::vector<ClassMark> marks,
          std::span<const std::int64_t> label, Order order = Order::kByIndex);

  // `points` [N, 2]. Points that are not finite or lie outside the square are left out.
  void draw(Picture& picture, std::span<const double> points) const;

 private:
  Rect square_;
  PlaneMap map_;
  std::vector<ClassMark> marks_;
  std::span<const std::int64_t> label_;
  std::vector<std::size_t> order_;  // of points, the lowest first
  std::vector<Stamp> stamps_;       // by shape
};

}  // namespace zoetrope::render
