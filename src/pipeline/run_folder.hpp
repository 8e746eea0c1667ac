// SPDX-License-Identifier: Apache-2.0
// What a folder holds that somebody has given with --run.
#pragma once

#include <filesystem>
#include <string>

namespace zoetrope::pipeline {

// Whether it is a checkpoint-<step> itself.
bool is_checkpoint(const std::filesystem::path& folder);

// Throws InputError: the folder holds no checkpoint-<step>, and what may be meant instead.
[[noreturn]] void refuse_without_checkpoints(const std::filesystem::path& run);

// A warning that names the folders "checkpoint..." which hold a model and are no checkpoint-<step>, so that
// they are no frames.
void warn_of_other_checkpoints(const std::filesystem::path& run);

}  // namespace zoetrope::pipeline
