// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>

#include <pango/pangocairo.h>

namespace zoetrope::render {
namespace {

struct GObjectDeleter {
  void operator()(gpointer object) const { g_object_unref(object); }
};
struct FontDeleter {
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
};
struct AttributesDeleter {
  void operator()(PangoAttrList* list) const { pango_attr_list_unref(list); }
};
struct OptionsDeleter {
  void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};

// Half the height of capitals in most sans-serif fonts, in em.
constexpr double kHalfCapital = 0.36;
// Bytes. No line of a figure holds more; shaping a hostile name of megabytes would take minutes.
constexpr std::size_t kLongestText = 2048;

// Cairo 1.16 lists the faces of a font file for the whole process, without a lock and before a face is
// complete (cairo-ft-font.c). Text that is measured may make faces, and a font that goes may take its own
// along.
std::mutex cairo_faces;

}  // namespace

std::string printable(const std::string& text) {
  const std::unique_ptr<char, decltype(&g_free)> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(std::min(text.size(), kLongestText))), &g_free);
  std::string line(valid.get());
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

std::string isolated(const std::string& name) {
  // The mark says that the line is read from the left: Pango takes its direction from a name that begins it.
  constexpr const char* kMarkAndIsolate = "\u200e\u2068";
  constexpr const char* kPopIsolate = "\u2069";
  constexpr gunichar kFirstFromTheRight = 0x590;  // Hebrew
  const auto is_control = [](gunichar c) {
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  };
  const std::string line = printable(name);
  std::string kept;
  bool may_turn = false;
  for (const char* at = line.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    if (is_control(character)) continue;
    may_turn = may_turn || character >= kFirstFromTheRight;
    kept.append(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
  }
  return may_turn ? kMarkAndIsolate + kept + kPopIsolate : kept;
}

struct Typesetter::State {
  std::unique_ptr<PangoFontMap, GObjectDeleter> fonts{pango_cairo_font_map_new()};
  std::unique_ptr<PangoContext, GObjectDeleter> context{pango_font_map_create_context(fonts.get())};
  std::unique_ptr<PangoLayout, GObjectDeleter> line;
};

Typesetter::Typesetter(std::string families)
    : families_(std::move(families)), state_(std::make_unique<State>()) {
  // Unhinted: letters keep their proportions at every size.
  const std::unique_ptr<cairo_font_options_t, OptionsDeleter> options(cairo_font_options_create());
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(state_->context.get(), options.get());
  pango_context_set_round_glyph_positions(state_->context.get(), FALSE);
  state_->line.reset(pango_layout_new(state_->context.get()));
  pango_layout_set_single_paragraph_mode(state_->line.get(), TRUE);
}

Typesetter::~Typesetter() {
  const std::lock_guard lock(cairo_faces);
  state_.reset();
}

Typesetter::Line Typesetter::set(const std::string& text, const TextStyle& style, double max_width) const {
  const std::lock_guard lock(cairo_faces);
  PangoLayout* line = state_->line.get();
  const std::unique_ptr<PangoFontDescription, FontDeleter> font(pango_font_description_new());
  pango_font_description_set_family(font.get(), families_.c_str());
  pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
  pango_font_description_set_weight(font.get(), static_cast<PangoWeight>(style.weight));
  pango_layout_set_font_description(line, font.get());

  const std::unique_ptr<PangoAttrList, AttributesDeleter> attributes(pango_attr_list_new());
  // Digits of equal width: numbers do not tremble from frame to frame.
  pango_attr_list_insert(attributes.get(), pango_attr_font_features_new("tnum=1"));
  if (style.letter_spacing != 0) {
    pango_attr_list_insert(
        attributes.get(),
        pango_attr_letter_spacing_new(static_cast<int>(style.letter_spacing * style.size * PANGO_SCALE)));
  }
  pango_layout_set_attributes(line, attributes.get());

  const std::string shown = printable(text);
  pango_layout_set_text(line, shown.data(), static_cast<int>(shown.size()));
  pango_layout_set_width(line, max_width < 0 ? -1 : static_cast<int>(std::ceil(max_width * PANGO_SCALE)));
  pango_layout_set_ellipsize(line, max_width < 0 ? PANGO_ELLIPSIZE_NONE : PANGO_ELLIPSIZE_END);
  // A name in a right-to-left script is aligned as its box says.
  pango_layout_set_auto_dir(line, TRUE);
  pango_layout_set_alignment(line, PANGO_ALIGN_LEFT);

  PangoRectangle logical;
  pango_layout_get_extents(line, nullptr, &logical);
  return {.left = static_cast<double>(logical.x) / PANGO_SCALE,
          .width = static_cast<double>(logical.width) / PANGO_SCALE,
          .baseline = static_cast<double>(pango_layout_get_baseline(line)) / PANGO_SCALE};
}

double Typesetter::width(const std::string& text, const TextStyle& style) const {
  return set(text, style, -1).width;
}

bool Typesetter::has_glyphs(const std::string& text) const {
  set(text, {}, -1);
  return pango_layout_get_unknown_glyphs_count(state_->line.get()) == 0;
}

TextStyle Typesetter::fitted(const std::string& text, const TextStyle& style, double max_width,
                             double least_share) const {
  // Glyphs do not scale to the last fraction of a pixel.
  constexpr double kTolerance = 0.985;
  const double natural = width(text, style);
  TextStyle result = style;
  if (natural > max_width) result.size *= std::max(kTolerance * max_width / natural, least_share);
  return result;
}

void Typesetter::draw(Canvas& canvas, const Rect& box, const std::string& text, const TextStyle& style,
                      double opacity) const {
  const Line line = set(text, style, box.w);
  const double free = box.w - line.width;
  const double share = style.align == Align::kLeft ? 0 : style.align == Align::kCentre ? 0.5 : 1;

  canvas.set_colour(style.colour, opacity);
  cairo_move_to(canvas.context(), box.x - line.left + free * share,
                box.centre_y() + kHalfCapital * style.size - line.baseline);
  pango_cairo_show_layout(canvas.context(), state_->line.get());
  cairo_new_path(canvas.context());
}

void Typesetter::draw_haloed(Canvas& canvas, double x, double y, double max_width, const std::string& text,
                             const TextStyle& style, Colour halo, double opacity) const {
  const double halo_width = 0.16 * style.size;
  const Line line = set(text, style, max_width);
  cairo_t* context = canvas.context();

  cairo_save(context);
  canvas.clip(
      {x - line.width / 2 - 2 * halo_width, y - style.size, line.width + 4 * halo_width, 2 * style.size});
  cairo_push_group(context);  // so that text and halo fade as one
  cairo_move_to(context, x - line.left - line.width / 2, y + kHalfCapital * style.size - line.baseline);
  pango_cairo_layout_path(context, state_->line.get());
  canvas.set_colour(halo);
  cairo_set_line_width(context, 2 * halo_width);
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke_preserve(context);
  canvas.set_colour(style.colour);
  cairo_fill(context);
  cairo_pop_group_to_source(context);
  cairo_paint_with_alpha(context, opacity);
  cairo_restore(context);
}

void Typesetter::draw_upwards(Canvas& canvas, const Rect& box, const std::string& text,
                              const TextStyle& style) const {
  cairo_save(canvas.context());
  cairo_translate(canvas.context(), box.centre_x(), box.centre_y());
  cairo_rotate(canvas.context(), -std::numbers::pi / 2);
  draw(canvas, {-box.h / 2, -box.w / 2, box.h, box.w}, text, style);
  cairo_restore(canvas.context());
}

}  // namespace zoetrope::render
