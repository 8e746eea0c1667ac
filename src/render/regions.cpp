// SPDX-License-Identifier: Apache-2.0
#include "regions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "canvas.hpp"

namespace zoetrope::render {

namespace {

// As quiet as lets the points stand out, and neighbouring tints still be told apart.
constexpr double kOpacityOnLight = 0.17, kOpacityOnDark = 0.24;

// Fills a raster with classes. A region is convex: a rectangle whose four corners lie in one does so itself.
class RegionFiller {
 public:
  RegionFiller(const Raster& raster, const PlaneMap& map, std::span<const double> regions)
      : raster_(raster),
        map_(map),
        regions_(regions),
        classes_(static_cast<std::size_t>(raster.width) * static_cast<std::size_t>(raster.height), -1) {}

  // Both ends included.
  void fill(int left, int top, int right, int bottom);
  std::vector<std::int32_t> take() && { return std::move(classes_); }

 private:
  std::int32_t& at(int x, int y) {
    return classes_[static_cast<std::size_t>(y) * static_cast<std::size_t>(raster_.width) +
                    static_cast<std::size_t>(x)];
  }
  std::int32_t known_at(int x, int y);

  Raster raster_;
  const PlaneMap& map_;
  std::span<const double> regions_;
  std::vector<std::int32_t> classes_;
};

std::int32_t RegionFiller::known_at(int x, int y) {
  std::int32_t& known = at(x, y);
  if (known >= 0) return known;
  known = static_cast<std::int32_t>(
      class_at(regions_, map_.value_at_x(raster_.left + x + 0.5), map_.value_at_y(raster_.top + y + 0.5)));
  return known;
}

void RegionFiller::fill(int left, int top, int right, int bottom) {
  const std::int32_t corner = known_at(left, top);
  if (corner == known_at(right, top) && corner == known_at(left, bottom) &&
      corner == known_at(right, bottom)) {
    for (int y = top; y <= bottom; ++y) std::fill(&at(left, y), &at(right, y) + 1, corner);
    return;
  }
  const int x = (left + right) / 2, y = (top + bottom) / 2;
  fill(left, top, x, y);
  if (x < right) fill(x + 1, top, right, y);
  if (y < bottom) fill(left, y + 1, x, bottom);
  if (x < right && y < bottom) fill(x + 1, y + 1, right, bottom);
}

}  // namespace

std::size_t class_at(std::span<const double> regions, double x, double y) {
  double greatest = -std::numeric_limits<double>::infinity();
  std::size_t best = 0;
  for (std::size_t k = 0; k + 2 < regions.size(); k += 3) {
    const double logit = regions[k] * x + regions[k + 1] * y + regions[k + 2];
    if (logit > greatest) greatest = logit, best = k / 3;
  }
  return best;
}

std::vector<std::int32_t> classes_of_pixels(const Raster& raster, const PlaneMap& map,
                                            std::span<const double> regions) {
  RegionFiller filler(raster, map, regions);
  if (raster.width > 0 && raster.height > 0) filler.fill(0, 0, raster.width - 1, raster.height - 1);
  return std::move(filler).take();
}

std::string words_of_agreement(double agreement, bool is_short) {
  if (!std::isfinite(agreement)) return "";
  return fmt::format("{:.0f}\u2009% {}in their own region", 100 * agreement,
                     is_short ? "" : "of the images lie ");
}

Regions::Regions(const Rect& square, const PlaneMap& map, double corner_radius,
                 const std::vector<ClassMark>& marks, Theme theme)
    : square_(square),
      map_(map),
      corner_radius_(corner_radius),
      opacity_(theme == Theme::kDark ? kOpacityOnDark : kOpacityOnLight) {
  for (const ClassMark& mark : marks) tints_.push_back(pixel_of(mark.colour));
}

void Regions::draw(Picture& picture, std::span<const double> regions) const {
  if (regions.empty() || regions.size() != 3 * tints_.size()) return;
  Raster raster{std::max(0, static_cast<int>(std::floor(square_.x))),
                std::max(0, static_cast<int>(std::floor(square_.y)))};
  raster.width = std::min(picture.width, static_cast<int>(std::ceil(square_.right()))) - raster.left;
  raster.height = std::min(picture.height, static_cast<int>(std::ceil(square_.bottom()))) - raster.top;
  Picture ground{raster.width, raster.height, {}};
  for (const std::int32_t c : classes_of_pixels(raster, map_, regions))
    ground.pixels.push_back(tints_[static_cast<std::size_t>(c)]);
  Canvas canvas(picture);
  canvas.picture(square_, corner_radius_, ground, raster.left, raster.top, opacity_);
  canvas.flush();
}

}  // namespace zoetrope::render
