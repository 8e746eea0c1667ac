// SPDX-License-Identifier: Apache-2.0
// The collectives of a backend: are their values right, and how long do they take? Collective over `over` and
// `control`, which are the same ranks; the answers are the same on each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/doctor/report.hpp"

#include "hosts.hpp"

namespace zoetrope::doctor {

// What is examined: a backend, the device of its tensors, and the communicator that the ranks agree over.
struct Backend {
  comm::Communicator& over;
  at::Device device;
  comm::Communicator& control;

  std::string name() const { return over.backend(); }
};

// Each named before it begins.
using Announce = std::function<void(const std::string& operation)>;

// "all_reduce of int64: wrong on ranks 1-2", for each collective that gave a wrong value somewhere.
std::vector<std::string> find_wrong_values(const Backend& backend, const Announce& announce);

std::vector<CollectiveTime> time_collectives(const Backend& backend, const Announce& announce);

// Between the first ranks of every two hosts, as many as there is time for.
std::vector<PairTime> time_pairs(const Backend& backend, const std::vector<Host>& hosts,
                                 const Announce& announce);

}  // namespace zoetrope::doctor
