// SPDX-License-Identifier: Apache-2.0
// A model's classes and the data's, brought together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/model/vit.hpp"
#include "zoetrope/pipeline/session.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// Where the data's classes stand in the logits of each checkpoint. All are empty where one of the models has
// no classifier or one for other classes, which is warned of: curves show all frames or none.
std::vector<std::vector<std::int64_t>> class_columns(Session& session,
                                                     const std::vector<CheckpointSource>& sources);

// Brings the rows of `model`'s classifier, which --model came with, into the order of the data's classes; a
// new classifier has that order already. Warns where the names do not decide.
void order_classifier(const Session& session, const std::vector<std::string>& of_data, model::Vit& model);

}  // namespace zoetrope::pipeline
