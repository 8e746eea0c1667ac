// SPDX-License-Identifier: Apache-2.0
// What the facts of all ranks say: each adds a finding or some.
#pragma once

#include <vector>

#include "zoetrope/doctor/examine.hpp"
#include "zoetrope/doctor/report.hpp"

namespace zoetrope::doctor {

using Facts = std::vector<RankFacts>;

std::vector<Finding> judge_launch(const Facts& facts);
std::vector<Finding> judge_cores(const Facts& facts);
std::vector<Finding> judge_devices(const Facts& facts, compute::DeviceChoice choice);
std::vector<Finding> judge_libraries(const Facts& facts);
std::vector<Finding> judge_versions(const Facts& facts);
std::vector<Finding> judge_settings(const Facts& facts);
std::vector<Finding> judge_memory(const Facts& facts);
std::vector<Finding> judge_clocks(const Facts& facts);
// Of one backend.
Finding judge_speed(const std::vector<CollectiveTime>& times, int ranks);
std::vector<Finding> judge_pairs(const std::vector<PairTime>& pairs, std::size_t hosts);

}  // namespace zoetrope::doctor
