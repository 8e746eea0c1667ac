// SPDX-License-Identifier: Apache-2.0
// Cairo on a Picture's own pixels, and the few shapes that the figure is made of.
#pragma once

#include <memory>

#include <cairo.h>

#include "zoetrope/render/frame.hpp"

#include "geometry.hpp"
#include "palette.hpp"

namespace zoetrope::render {

struct CairoDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using CairoSurface = std::unique_ptr<cairo_surface_t, CairoDeleter>;
using CairoContext = std::unique_ptr<cairo_t, CairoDeleter>;

// Draws into `picture`, which must outlive it and must be neither resized nor read before flush().
class Canvas {
 public:
  explicit Canvas(Picture& picture);

  cairo_t* context() const { return context_.get(); }
  // Must be called before and after the pixels are touched without Cairo.
  void flush() { cairo_surface_flush(surface_.get()); }
  void mark_dirty() { cairo_surface_mark_dirty(surface_.get()); }

  void set_colour(Colour colour, double opacity = 1);
  void fill_rect(const Rect& rect, Colour colour, double opacity = 1);
  void fill_rounded(const Rect& rect, double radius, Colour colour, double opacity = 1);
  void stroke_rounded(const Rect& rect, double radius, double line_width, Colour colour, double opacity = 1);
  void fill_disc(double x, double y, double radius, Colour colour, double opacity = 1);
  void line(double x0, double y0, double x1, double y1, double line_width, Colour colour, double opacity = 1);
  // Scales the thumbnail into `rect`; corners are cut with `radius`. kCrisp shows pixels as squares.
  enum class Scaling { kSmooth, kCrisp };
  void image(const Rect& rect, double radius, const support::Image& thumbnail, Scaling scaling,
             double opacity = 1);
  // Of `ground`, whose pixels fall onto those from (left, top) on, what lies in `rect`.
  void picture(const Rect& rect, double radius, Picture& ground, int left, int top, double opacity);
  void clip(const Rect& rect);
  void unclip() { cairo_reset_clip(context_.get()); }

 private:
  void rounded_path(const Rect& rect, double radius);

  CairoSurface surface_;
  CairoContext context_;
};

inline constexpr std::uint32_t kOpaque = 0xff000000;

// Black.
Picture make_picture(int width, int height);

}  // namespace zoetrope::render
