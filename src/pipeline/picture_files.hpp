// SPDX-License-Identifier: Apache-2.0
// The files of a run that people look at: whether they have come to their end.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "zoetrope/store/run_directory.hpp"

namespace zoetrope::pipeline {

// A file, what makes it again, and what reads it: InputError where it is damaged.
using LookAtFile = std::function<void(const std::filesystem::path& path, const std::string& way_out,
                                      const std::function<void()>& read)>;

// Calls `look` for each of the run's frames, animations, poster, page and issues.csv that is there.
void look_at_pictures(const store::RunDirectory& run, const LookAtFile& look);

}  // namespace zoetrope::pipeline
