// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/options.hpp"

namespace zoetrope::pipeline {

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
