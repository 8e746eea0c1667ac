// SPDX-License-Identifier: Apache-2.0
// How what is computed of frames travels from the ranks that have it to rank 0.
#pragma once

#include <functional>

#include "zoetrope/pipeline/session.hpp"

#include "packed_frame.hpp"

namespace zoetrope::pipeline {

// Gives `use` on rank 0 each frame's rows, in their order, one after the other, so that it need not hold all.
// support::share() says which rank has a frame; `get` gives its rows there, of so many numbers and integers
// for each. Collective. Throws Interrupted on every rank after a signal on any.
struct FrameRows {
  std::size_t num_frames = 0, num_numbers = 0, num_integers = 0;
  std::function<PackedFrame(std::size_t frame)> get;
  std::function<void(std::size_t frame, PackedFrame rows)> use;
};
void bring_to_root(Session& session, const FrameRows& rows);

}  // namespace zoetrope::pipeline
