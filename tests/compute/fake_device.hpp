// SPDX-License-Identifier: Apache-2.0
// A device of libtorch's that is not there: its memory is the host's.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

namespace zoetrope::compute::fake {

// It is registered with libtorch (as PrivateUse1) the first time. Like CUDA's, it has a pool of 32 streams
// for each priority, which are handed out in turn.
at::Device device();

constexpr int kStreamsOfPool = 32;
bool is_of_high_priority(const c10::Stream& stream);
// The streams that were drawn from a pool since the last call.
std::vector<c10::Stream> take_drawn();

}  // namespace zoetrope::compute::fake
