// SPDX-License-Identifier: Apache-2.0
#include "canvas.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "zoetrope/support/error.hpp"

namespace zoetrope::render {
namespace {

void require_good(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw RunError(std::string("drawing a frame failed: Cairo says \"") + cairo_status_to_string(status) +
                   "\"");
  }
}

// The thumbnail as a Cairo surface of its own size.
CairoSurface to_surface(const support::Image& thumbnail) {
  CairoSurface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, thumbnail.width, thumbnail.height));
  require_good(cairo_surface_status(surface.get()));
  unsigned char* rows = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  const std::uint8_t* in = thumbnail.pixels.data();
  for (int y = 0; y < thumbnail.height; ++y) {
    auto* out = reinterpret_cast<std::uint32_t*>(rows + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < thumbnail.width; ++x, in += thumbnail.channels) {
      const std::uint32_t r = in[0];
      const std::uint32_t g = thumbnail.channels == 3 ? in[1] : in[0];
      const std::uint32_t b = thumbnail.channels == 3 ? in[2] : in[0];
      out[x] = r << 16 | g << 8 | b;
    }
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

bool whole(const support::Image& thumbnail) {
  return thumbnail.width > 0 && thumbnail.height > 0 &&
         (thumbnail.channels == 1 || thumbnail.channels == 3) &&
         thumbnail.pixels.size() == static_cast<std::size_t>(thumbnail.width) *
                                        static_cast<std::size_t>(thumbnail.height) *
                                        static_cast<std::size_t>(thumbnail.channels);
}

}  // namespace

Picture make_picture(int width, int height) {
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  return {width, height, std::vector<std::uint32_t>(pixels, kOpaque)};
}

Canvas::Canvas(Picture& picture)
    : surface_(cairo_image_surface_create_for_data(reinterpret_cast<unsigned char*>(picture.pixels.data()),
                                                   CAIRO_FORMAT_ARGB32, picture.width, picture.height,
                                                   picture.width * 4)),
      context_(cairo_create(surface_.get())) {
  require_good(cairo_status(context_.get()));
}

void Canvas::set_colour(Colour colour, double opacity) {
  cairo_set_source_rgba(context(), colour.r / 255.0, colour.g / 255.0, colour.b / 255.0, opacity);
}

void Canvas::fill_rect(const Rect& rect, Colour colour, double opacity) {
  set_colour(colour, opacity);
  cairo_rectangle(context(), rect.x, rect.y, rect.w, rect.h);
  cairo_fill(context());
}

void Canvas::rounded_path(const Rect& rect, double radius) {
  const double r = std::min({radius, rect.w / 2, rect.h / 2});
  constexpr double kQuarter = std::numbers::pi / 2;
  cairo_new_sub_path(context());
  cairo_arc(context(), rect.right() - r, rect.y + r, r, -kQuarter, 0);
  cairo_arc(context(), rect.right() - r, rect.bottom() - r, r, 0, kQuarter);
  cairo_arc(context(), rect.x + r, rect.bottom() - r, r, kQuarter, 2 * kQuarter);
  cairo_arc(context(), rect.x + r, rect.y + r, r, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(context());
}

void Canvas::fill_rounded(const Rect& rect, double radius, Colour colour, double opacity) {
  set_colour(colour, opacity);
  rounded_path(rect, radius);
  cairo_fill(context());
}

void Canvas::stroke_rounded(const Rect& rect, double radius, double line_width, Colour colour,
                            double opacity) {
  set_colour(colour, opacity);
  cairo_set_line_width(context(), line_width);
  rounded_path(rect, radius);
  cairo_stroke(context());
}

void Canvas::fill_disc(double x, double y, double radius, Colour colour, double opacity) {
  set_colour(colour, opacity);
  cairo_arc(context(), x, y, radius, 0, 2 * std::numbers::pi);
  cairo_fill(context());
}

void Canvas::line(double x0, double y0, double x1, double y1, double line_width, Colour colour,
                  double opacity) {
  set_colour(colour, opacity);
  cairo_set_line_width(context(), line_width);
  cairo_move_to(context(), x0, y0);
  cairo_line_to(context(), x1, y1);
  cairo_stroke(context());
}

void Canvas::image(const Rect& rect, double radius, const support::Image& thumbnail, Scaling scaling,
                   double opacity) {
  if (!whole(thumbnail) || rect.empty()) return;
  const CairoSurface surface = to_surface(thumbnail);
  const double scale = std::min(rect.w / thumbnail.width, rect.h / thumbnail.height);
  const double w = thumbnail.width * scale;
  const double h = thumbnail.height * scale;
  const Rect fitted{rect.x + (rect.w - w) / 2, rect.y + (rect.h - h) / 2, w, h};

  cairo_save(context());
  rounded_path(fitted, radius);
  cairo_clip(context());
  cairo_translate(context(), fitted.x, fitted.y);
  cairo_scale(context(), scale, scale);
  cairo_set_source_surface(context(), surface.get(), 0, 0);
  // Beyond the edge the last pixel goes on: no dark seam where the filter looks outside.
  cairo_pattern_set_extend(cairo_get_source(context()), CAIRO_EXTEND_PAD);
  const cairo_filter_t enlarging = scaling == Scaling::kCrisp ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR;
  cairo_pattern_set_filter(cairo_get_source(context()), scale > 1 ? enlarging : CAIRO_FILTER_GOOD);
  cairo_paint_with_alpha(context(), opacity);
  cairo_restore(context());
}

void Canvas::picture(const Rect& rect, double radius, Picture& ground, int left, int top, double opacity) {
  const CairoSurface surface(
      cairo_image_surface_create_for_data(reinterpret_cast<unsigned char*>(ground.pixels.data()),
                                          CAIRO_FORMAT_RGB24, ground.width, ground.height, ground.width * 4));
  require_good(cairo_surface_status(surface.get()));
  cairo_save(context());
  rounded_path(rect, radius);
  cairo_clip(context());
  cairo_set_source_surface(context(), surface.get(), left, top);
  cairo_pattern_set_filter(cairo_get_source(context()), CAIRO_FILTER_NEAREST);
  cairo_paint_with_alpha(context(), opacity);
  cairo_restore(context());
}

void Canvas::clip(const Rect& rect) {
  cairo_rectangle(context(), rect.x, rect.y, rect.w, rect.h);
  cairo_clip(context());
}

}  // namespace zoetrope::render
