// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>

#include "zoetrope/model/precision.hpp"

namespace zoetrope::pipeline {

// Has `device` do once what takes its libraries a second or more (contexts, handles, loading kernels), beside
// what the caller does: a training step of one layer of a ViT-B/16 that is thrown away. An error of it is
// left to whoever computes in earnest.
std::future<void> warm_up(at::Device device, model::Precision precision);

}  // namespace zoetrope::pipeline
