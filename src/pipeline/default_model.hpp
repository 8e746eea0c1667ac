// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace zoetrope::pipeline {

// The model of a run without --model, in the folder "models" beside the program, or below share/zoetrope
// where it is installed. RunError when it is not there.
std::filesystem::path default_model();

// The folder or file that --model means: a path, or a name on the Hugging Face Hub whose files are in this
// machine's cache. Where nothing is there it is given back as it is.
std::string find_model(const std::string& asked);
// InputError, with the way to get it, where nothing is at `model`.
void require_model(const std::string& model);
// The same of --base: what find_model finds. InputError where nothing is there.
std::string find_base(const std::string& asked);

// Whether `path` is that folder.
bool is_default_model(const std::filesystem::path& path);

}  // namespace zoetrope::pipeline
