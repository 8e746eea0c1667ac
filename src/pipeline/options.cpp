// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/options.hpp"

namespace zoetrope::pipeline {

PictureSize size_of(const RenderOptions& options) {
  constexpr PictureSize kWide = {1920, 1080}, kPlot = {800, 860};
  constexpr PictureSize kArticle = {1600, 1600};  // 8 x 8 inch at 200 dpi
  return options.size.value_or(options.layout == render::Layout::kArticle ? kArticle
                               : options.layout == render::Layout::kPlot  ? kPlot
                                                                          : kWide);
}

double frames_a_second(const RenderOptions& options) {
  return options.fps.value_or(options.layout == render::Layout::kArticle ? 10 : 20);
}

Placement placement_of(const Options& options) {
  const AnalysisOptions& asked = options.analysis;
  const bool is_article = options.render.layout == render::Layout::kArticle;
  const Projection projection =
      asked.projection.value_or(is_article ? Projection::kEach : Projection::kSmooth);
  const bool is_smooth = projection == Projection::kSmooth;
  return {projection,
          asked.align.value_or(is_smooth ? analysis::AlignTo::kNone : analysis::AlignTo::kPrevious),
          asked.scale.value_or(is_smooth ? analysis::ScaleOf::kRun : analysis::ScaleOf::kFrame)};
}

}  // namespace zoetrope::pipeline
