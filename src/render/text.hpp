// SPDX-License-Identifier: Apache-2.0
// Text by Pango: any script, shortened with an ellipsis where it does not fit, never markup.
#pragma once

#include <memory>
#include <string>

#include "canvas.hpp"

namespace zoetrope::render {

inline constexpr const char* kFonts = "Inter,Noto Sans,DejaVu Sans";

// Valid UTF-8 in one line, and not endless: names come from folders and files, which may hold anything.
std::string printable(const std::string& text);

// A name to stand among other words: one that is read from the right, or holds controls of the direction of
// writing, does not turn them.
std::string isolated(const std::string& name);

enum class Align { kLeft, kCentre, kRight };

struct TextStyle {
  double size = 16;  // pixels an em
  int weight = 400;
  Colour colour = {};
  Align align = Align::kLeft;
  double letter_spacing = 0;  // in em
};

// Each is for one thread at a time; threads may use one each.
class Typesetter {
 public:
  // `families`: font families by preference, separated by commas.
  explicit Typesetter(std::string families);
  ~Typesetter();
  Typesetter(const Typesetter&) = delete;
  Typesetter& operator=(const Typesetter&) = delete;

  // Width in pixels of the text in one line.
  double width(const std::string& text, const TextStyle& style) const;
  // Has some font of this machine all of its characters?
  bool has_glyphs(const std::string& text) const;
  // The style with the largest size, from `least_share` of its own up, at which the text is no wider than
  // `width`.
  TextStyle fitted(const std::string& text, const TextStyle& style, double width, double least_share) const;
  // One line in `box`: capitals stand in its vertical middle, whatever the script.
  void draw(Canvas& canvas, const Rect& box, const std::string& text, const TextStyle& style,
            double opacity = 1) const;
  // One line centred at (x, y) with a halo around it. Outlines are filled, so that it moves by less than a
  // pixel.
  void draw_haloed(Canvas& canvas, double x, double y, double max_width, const std::string& text,
                   const TextStyle& style, Colour halo, double opacity) const;
  // One line that reads upwards, centred in `box`.
  void draw_upwards(Canvas& canvas, const Rect& box, const std::string& text, const TextStyle& style) const;

 private:
  struct State;
  struct Line {  // pixels
    double left, width, baseline;
  };
  Line set(const std::string& text, const TextStyle& style, double max_width) const;

  std::string families_;
  std::unique_ptr<State> state_;
};

}  // namespace zoetrope::render
