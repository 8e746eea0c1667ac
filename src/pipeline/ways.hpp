// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "zoetrope/render/frame.hpp"
#include "zoetrope/store/analysis_file.hpp"

namespace zoetrope::pipeline {

// --tween-path projection: how frame `t`, not the first, comes out of the one before it, so that each picture
// between is a projection of the embedding between (analysis::Passage). UsageError where the analysis was
// made without what that takes. Null where the two are of other numbers of columns. Looks into `analysis` no
// longer than the call.
std::shared_ptr<const render::Way> way_to(const store::Analysis& analysis, std::size_t t);
// The same of the training images; null, too, where none are shown.
std::shared_ptr<const render::Way> train_way_to(const store::Analysis& analysis, std::size_t t);

}  // namespace zoetrope::pipeline
