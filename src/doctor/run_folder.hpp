// SPDX-License-Identifier: Apache-2.0
// The file system of the run directory: can all hosts do there what a run does?
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/doctor/report.hpp"

#include "hosts.hpp"

namespace zoetrope::doctor {

// Collective; the answer is the same on every rank. `announce` is called before each step, `on_folder` with
// the folder that is made and removed at the end.
std::vector<Finding> look_at_run_folder(const std::filesystem::path& run, const std::vector<Host>& hosts,
                                        comm::Communicator& control,
                                        const std::function<void(const std::string&)>& announce,
                                        const std::function<void(const std::filesystem::path&)>& on_folder);

}  // namespace zoetrope::doctor
