// SPDX-License-Identifier: Apache-2.0
// What is computed of a checkpoint's embeddings.
#include <memory>
#include <optional>

#include <ATen/ATen.h>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/analysis/outliers.hpp"

#include "hot_paths.hpp"
#include "made_rows.hpp"

namespace zoetrope::instructions {
namespace {

HotPath frame_path() {
  const at::Tensor rows = bench::make_rows(500, 64, 0), before = bench::make_rows(500, 64, 1);
  const auto first = std::make_shared<analysis::ComparedFrame>(analysis::compared_frame(before, {}));
  std::vector<std::int64_t> labels(500);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i % 10);
  return {"all of a frame, 500 x 64", [=] {
            std::optional<analysis::ComparedFrame> earlier = *first;
            const analysis::FrameInput input{rows, {}, 0, labels};
            analysis::analyze_frame(input, {}, {first.get(), first.get()}, earlier);
          }};
}

}  // namespace

std::vector<HotPath> analysis_paths() {
  using namespace analysis;
  const at::Tensor rows = bench::make_rows(1000, 128, 0);
  const Points reference =
      Pca::fit(Scatter::of(bench::make_rows(1000, 128, 1))).transform(bench::make_rows(1000, 128, 1));
  const Points points = Pca::fit(Scatter::of(rows)).transform(rows);
  return {{"neighbours and outlier scores, 1000 x 128",
           [=] { outlier_scores(nearest_neighbours(rows, 10, Metric::kCosine), Metric::kCosine); }},
          {"PCA, 1000 x 128", [=] { Pca::fit(Scatter::of(rows)).transform(rows); }},
          {"Procrustes, 1000 points", [=] { procrustes(reference, points); }},
          frame_path()};
}

}  // namespace zoetrope::instructions
