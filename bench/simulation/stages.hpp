// SPDX-License-Identifier: Apache-2.0
// The stages of a run as docs/distribution.md describes them, played on a cluster. Each returns seconds by
// what they went to, as the rank that waits longest sees them.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "cluster.hpp"
#include "workload.hpp"

namespace simulation {

using Parts = std::vector<std::pair<std::string, double>>;

// One training step in the steady state: "computing", "all-reduces that computing does not hide", "update",
// "agreeing".
Parts play_step(const Cluster& cluster, const Workload& work);

// From the first read to the last byte written, with steps of so many seconds.
Parts play_training(const Cluster& cluster, const Workload& work, double step_seconds);

// Analysis, frames, animation and page.
Parts play_analysis(const Cluster& cluster, const Workload& work, const Costs& costs);

}  // namespace simulation
