// SPDX-License-Identifier: Apache-2.0
// What a run is of, in a few words.
#pragma once

#include <string>

#include "zoetrope/pipeline/options.hpp"

namespace zoetrope::pipeline {

// --title, or one from the names of the model and the data, as the options of the run give them: "Fine-tuning
// vit-base-patch16-224-in21k on CIFAR-10".
std::string title_of(const Options& options);

// A name for what --data takes: the data set's, or that of the folder or file.
std::string name_of_data(const std::string& spec);
// A name for what --model takes: that of the folder, or on the Hub without its owner.
std::string name_of_model(const std::string& model);

}  // namespace zoetrope::pipeline
