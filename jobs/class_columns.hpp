// SPDX-License-Identifier: Apache-2.0
// The data's classes among those of the models: in the logits of checkpoints, and in a classifier to go on
// with.
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/model/vit.hpp"

#include "context.hpp"

namespace zoetrope::jobs {

// Where the data's classes stand in the logits of checkpoints steps[first], ..., steps[last - 1], which are
// this rank's. Nowhere, in any checkpoint of `steps`, where one has a classifier for other classes: curves
// show all frames or none. With a warning of that, and of classes that are matched by their places.
// Collective.
std::vector<std::vector<std::int64_t>> class_columns(Context& context, const std::vector<std::int64_t>& steps,
                                                     std::size_t first, std::size_t last);

// Puts the rows of a classifier that `model` took over from --model into the order of the data's classes.
// With a warning, where the names do not tell it, of which of the model's classes goes on as which of the
// data's.
void order_classifier(const Context& context, const std::vector<std::string>& of_data, model::Vit& model);

}  // namespace zoetrope::jobs
