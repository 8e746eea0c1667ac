// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace zoetrope::pipeline {

// The model of a run without --model, in the folder "models" beside the program, or below share/zoetrope
// where it is installed. RunError when it is not there.
std::filesystem::path default_model();

// Whether `path` is that folder.
bool is_default_model(const std::filesystem::path& path);

}  // namespace zoetrope::pipeline
