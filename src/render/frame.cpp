// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/frame.hpp"

#include <algorithm>
#include <variant>

#include "zoetrope/support/trace.hpp"

#include "article.hpp"
#include "article_legend.hpp"
#include "canvas.hpp"
#include "figure.hpp"
#include "palette.hpp"
#include "plot.hpp"

namespace zoetrope::render {

namespace {

using AnyFigure =
    std::variant<std::unique_ptr<Figure>, std::unique_ptr<PlotFigure>, std::unique_ptr<ArticleFigure>>;

AnyFigure make_figure(const Scene& scene) {
  if (scene.layout == Layout::kArticle) return std::make_unique<ArticleFigure>(scene);
  if (scene.layout == Layout::kPlot) return std::make_unique<PlotFigure>(scene);
  return std::make_unique<Figure>(scene);
}

}  // namespace

std::vector<std::uint32_t> class_colours(const Scene& scene) {
  std::vector<std::uint32_t> colours;
  const std::size_t count = std::min(scene.class_names.size(), kNumClassColours);  // then they repeat
  for (std::size_t i = 0; i < count; ++i) {
    const ClassMark mark = scene.layout == Layout::kArticle ? article_mark(i, scene.class_names.size())
                                                            : class_mark(i, scene.theme);
    colours.push_back(pixel_of(mark.colour));
  }
  return colours;
}

struct FrameRenderer::State {
  explicit State(Scene the_scene) : scene(std::move(the_scene)), figure(make_figure(scene)) {
    const trace::Span span("drawing the background");
    background = make_picture(scene.width, scene.height);
    std::visit([&](const auto& figure_kind) { figure_kind->draw_background(background); }, figure);
  }

  Scene scene;
  AnyFigure figure;
  Picture background;
};

FrameRenderer::FrameRenderer(Scene scene) : state_(std::make_unique<State>(std::move(scene))) {}
FrameRenderer::~FrameRenderer() = default;

Picture FrameRenderer::draw(const Frame& frame) const {
  const trace::Span span("drawing", "step", frame.step);
  Picture picture = state_->background;
  std::visit([&](const auto& figure) { figure->draw_frame(picture, frame); }, state_->figure);
  return picture;
}

Picture RendererPool::draw(const Frame& frame) {
  return idle_.with([&] { return std::make_unique<FrameRenderer>(scene_); },
                    [&](const FrameRenderer& renderer) { return renderer.draw(frame); });
}

}  // namespace zoetrope::render
