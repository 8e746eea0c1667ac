// SPDX-License-Identifier: Apache-2.0
// A run's analysis as what is to be drawn.
#pragma once

#include <vector>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/store/analysis_file.hpp"

namespace zoetrope::pipeline {

// The scene looks into `analysis`.
render::Scene make_scene(Session& session, const store::Analysis& analysis);

// What neighbours say of embeddings that another program has computed: how well they tell the classes apart,
// and how many stay. `scene` has the loss and the accuracy already, where they are known; then there is room
// for less.
void add_curves_of_neighbours(const store::Analysis& analysis, render::Scene& scene);

// How many outliers a frame has, with --outliers 0 none, and how far away the farthest is.
void describe_outliers(const store::Analysis& analysis, render::Scene& scene);

// A frame for each checkpoint; of `images` the outliers alone are decoded. The frames look into `analysis`.
std::vector<render::Frame> make_frames(const RenderOptions& options, const store::Analysis& analysis,
                                       const data::Dataset& images);

}  // namespace zoetrope::pipeline
