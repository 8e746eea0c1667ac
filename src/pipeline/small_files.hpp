// SPDX-License-Identifier: Apache-2.0
// The JSON files of a checkpoint that training has written, and run.ini: what is wrong with them.
#pragma once

#include <filesystem>
#include <string>

#include "zoetrope/store/run_history.hpp"

namespace zoetrope::pipeline {

// What is wrong with a file of the folder, with its path; "" where it is whole. `name`: training.json,
// config.json, preprocessor_config.json or trainer_state.json.
std::string problem_of(const store::SavedFolder& folder, const std::string& name);

// InputError where a run.ini is empty, damaged or edited.
void require_whole_options(const std::filesystem::path& path);

}  // namespace zoetrope::pipeline
