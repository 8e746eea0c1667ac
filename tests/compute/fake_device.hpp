// SPDX-License-Identifier: Apache-2.0
// A device of libtorch's that is not there: its memory is the host's. Like CUDA it serves the process that
// uses it and no child of that one, where a wait for it throws, and memory that is pinned for it cannot be
// read.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Stream.h>

namespace zoetrope::compute::fake {

// It is registered with libtorch (as PrivateUse1) the first time. It has a pool of 32 streams for each
// priority, which are handed out in turn.
at::Device device();

constexpr int kStreamsOfPool = 32;
bool is_of_high_priority(const c10::Stream& stream);
// The streams that were drawn from a pool since the last call.
std::vector<c10::Stream> take_drawn();

// A copy of a CPU tensor that lies on the device.
at::Tensor on_device(const at::Tensor& tensor);
// Copies to pinned memory are made when an event behind them is waited for. How many are not made yet:
std::size_t num_queued_copies();
// Blocks of the device's memory that are not free: its tensors', and what is to be free when copies of it are
// made that were told to it (record_stream).
int num_blocks();
// Events that are not destroyed yet.
int num_events();

}  // namespace zoetrope::compute::fake
