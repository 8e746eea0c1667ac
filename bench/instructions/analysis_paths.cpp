// SPDX-License-Identifier: Apache-2.0
// What is computed of a checkpoint's embeddings.
#include <memory>
#include <optional>

#include <ATen/ATen.h>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/analysis/outliers.hpp"

#include "hot_paths.hpp"

namespace zoetrope::instructions {
namespace {

// splitmix64 of the counter, in [-1, 1).
float noise(std::uint64_t counter) {
  std::uint64_t z = counter + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  return static_cast<float>(z >> 40) / static_cast<float>(1 << 23) - 1.0F;
}

HotPath frame_path() {
  const at::Tensor rows = made_up_rows(500, 64), before = made_up_rows(500, 64, 2);
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

at::Tensor made_up_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  at::Tensor made = at::empty({rows, columns}, at::kFloat);
  float* const data = made.mutable_data_ptr<float>();
  for (std::int64_t at = 0; at < made.numel(); ++at) {
    const auto centre = static_cast<std::uint64_t>(at / columns % 10 * columns + at % columns);
    data[at] = noise(centre) + noise((seed << 40) + static_cast<std::uint64_t>(at));
  }
  return made;
}

std::vector<HotPath> analysis_paths() {
  using namespace analysis;
  const at::Tensor rows = made_up_rows(1000, 128);
  const Points reference = Pca::fit(made_up_rows(1000, 128, 2)).transform(made_up_rows(1000, 128, 2));
  const Points points = Pca::fit(rows).transform(rows);
  return {{"neighbours and outlier scores, 1000 x 128",
           [=] { outlier_scores(nearest_neighbours(rows, 10, Metric::kCosine), Metric::kCosine); }},
          {"PCA, 1000 x 128", [=] { Pca::fit(rows).transform(rows); }},
          {"Procrustes, 1000 points", [=] { procrustes(reference, points); }},
          frame_path()};
}

}  // namespace zoetrope::instructions
