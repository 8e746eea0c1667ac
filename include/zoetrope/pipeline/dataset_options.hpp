// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/pipeline/options.hpp"

namespace zoetrope::pipeline {

// How a split of --data is opened, but for its limit and the seed of that.
data::DatasetOptions dataset_options(const DataOptions& options, data::Split split);

}  // namespace zoetrope::pipeline
