// SPDX-License-Identifier: Apache-2.0
// The JSON files of a checkpoint that training has written: what is wrong with them.
#pragma once

#include <string>

#include "zoetrope/store/run_history.hpp"

namespace zoetrope::pipeline {

// What is wrong with a file of the folder, with its path; "" where it is whole. `name`: training.json,
// config.json, preprocessor_config.json or trainer_state.json.
std::string problem_of(const store::SavedFolder& folder, const std::string& name);

}  // namespace zoetrope::pipeline
