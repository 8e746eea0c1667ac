// SPDX-License-Identifier: Apache-2.0
// Points as discs (or other marks), stamped from masks that were drawn once for every sub-pixel position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "geometry.hpp"
#include "palette.hpp"

namespace zoetrope::render {

// A mark farther out than this, in data coordinates, is not seen.
inline constexpr double kFarthest = 5.5;

// How far from 0 what a scene shows may lie: training images may lie outside of the test images' square.
inline double extent_of(const Scene& scene) {
  return scene.train_label.empty() ? 5 : kFarthest;
}

// Pixels of data coordinates within a square that holds [-most, most] and, in `padding` pixels around it, the
// marks of the points at its edge.
class PlaneMap {
 public:
  PlaneMap(const Rect& square, double padding, double most = 5)
      : x0_(square.centre_x()), y0_(square.centre_y()), scale_((square.w / 2 - padding) / most) {}
  double x(double value) const { return x0_ + value * scale_; }
  double y(double value) const { return y0_ - value * scale_; }
  // And back.
  double value_at_x(double x) const { return (x - x0_) / scale_; }
  double value_at_y(double y) const { return (y0_ - y) / scale_; }

 private:
  double x0_;
  double y0_;
  double scale_;
};

struct MarkStyle {
  double radius = 3;   // pixels
  double opacity = 1;  // of a mark on empty ground
  double hole = 0;     // of the radius: what is left open of a hollow mark
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
  struct Drawn {
    Order order = Order::kByIndex;
    double farthest = kFarthest;  // points farther from 0 than this are left out
  };

  // `label` [N] must outlive it.
  Scatter(const Rect& square, const PlaneMap& map, const MarkStyle& style, std::vector<ClassMark> marks,
          std::span<const std::int64_t> label, const Drawn& drawn);

  // Of other points on the same plane.
  Scatter(const Scatter& other, const MarkStyle& style, std::span<const std::int64_t> label)
      : Scatter(other.square_, other.map_, style, other.marks_, label, {.farthest = other.farthest_}) {}

  // `points` [N, 2]. Points that are not finite or lie outside the square are left out.
  void draw(Picture& picture, std::span<const double> points) const { draw(picture, points, stamps_, {}); }
  // How many are finite, and farther away than kFarthest.
  static std::int64_t num_outside(std::span<const double> points);

 protected:
  std::size_t num_classes() const { return marks_.size(); }
  // With other stamps, all in one colour if that is given.
  void draw(Picture& picture, std::span<const double> points, const std::vector<Stamp>& stamps,
            std::optional<Colour> colour) const;

 private:
  Rect square_;
  PlaneMap map_;
  std::vector<ClassMark> marks_;
  std::span<const std::int64_t> label_;
  double farthest_;
  std::vector<std::size_t> order_;  // of points, the lowest first
  std::vector<Stamp> stamps_;       // by shape
};

// The hollow marks of training images, which hide what is beneath them.
class HollowScatter : Scatter {
 public:
  // On the plane of the test images' marks; `ground`: what they are filled with.
  HollowScatter(const Scatter& tests, const MarkStyle& style, std::span<const std::int64_t> label,
                Colour ground);

  void draw(Picture& picture, std::span<const double> points) const;

 private:
  std::vector<Stamp> fillings_;  // by shape
  Colour ground_;
};

// All points of a scene: those of the test images, and above them those of training images.
class ScenePoints {
 public:
  // `ground`: what lies behind them; the rest as of Scatter, of which `scene` has the labels.
  ScenePoints(const Rect& square, const PlaneMap& map, const MarkStyle& style, std::vector<ClassMark> marks,
              const Scene& scene, Colour ground, const Scatter::Drawn& drawn = {})
      : tests_(square, map, style, std::move(marks), scene.label, drawn),
        training_(tests_, style, scene.train_label, ground) {}

  void draw(Picture& picture, const Frame& frame) const {
    tests_.draw(picture, frame.points);
    training_.draw(picture, frame.train_points);
  }

 private:
  Scatter tests_;
  HollowScatter training_;
};

}  // namespace zoetrope::render
