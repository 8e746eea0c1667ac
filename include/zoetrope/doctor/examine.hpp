// SPDX-License-Identifier: Apache-2.0
// Looks at all that a job stands on, where and as it would run.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/compute/device.hpp"
#include "zoetrope/doctor/report.hpp"

namespace zoetrope::doctor {

struct Request {
  std::filesystem::path run;  // the run directory, which need not be there
  compute::DeviceChoice device = compute::DeviceChoice::kAuto;
  int threads = 0;  // of a rank; 0: its share of the host's cores
  compute::DeviceQuery devices;
  Surroundings surroundings;
  std::map<std::string, std::string> versions;
  std::chrono::seconds patience{15};  // with a rank that does not come
};

// Fills the chart with what is found, the same on every rank. Collective. What hangs is the watchdog's to
// end; Chart::cut_short() then says what is known.
void examine(comm::World& world, const Request& request, Chart& chart);

}  // namespace zoetrope::doctor
