// SPDX-License-Identifier: Apache-2.0
#include "frame_gather.hpp"

#include <algorithm>
#include <cstdint>

#include <ATen/ops/empty.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/support/range.hpp"

#include "run_analysis.hpp"

namespace zoetrope::pipeline {

namespace {

at::Tensor room_for(bool is_mine, std::size_t width, at::ScalarType type) {
  return at::empty({is_mine ? 1 : 0, static_cast<std::int64_t>(width)}, at::TensorOptions().dtype(type));
}

template <typename T>
std::vector<T> values_of(const at::Tensor& rows) {
  return {rows.const_data_ptr<T>(), rows.const_data_ptr<T>() + rows.numel()};
}

}  // namespace

void bring_to_root(Session& session, const FrameRows& rows) {
  comm::Communicator& communicator = session.communicator();
  const auto [first, last] =
      support::share(static_cast<std::int64_t>(rows.num_frames), communicator.rank(), communicator.size());
  for (std::size_t frame = 0; frame < rows.num_frames; ++frame) {
    const auto number = static_cast<std::int64_t>(frame);
    const bool is_mine = first <= number && number < last;
    const at::Tensor numbers = room_for(is_mine, rows.num_numbers, at::kDouble);
    const at::Tensor integers = room_for(is_mine, rows.num_integers, at::kLong);
    comm::do_unless_asked(communicator, kFramesAreKept, [&] {
      if (!is_mine) return;
      const PackedFrame mine = rows.get(frame);
      std::ranges::copy(mine.numbers, numbers.mutable_data_ptr<double>());
      std::ranges::copy(mine.integers, integers.mutable_data_ptr<std::int64_t>());
    });
    const at::Tensor numbers_there = communicator.gather(numbers, 0);
    const at::Tensor integers_there = communicator.gather(integers, 0);
    comm::do_unless_asked(communicator, kFramesAreKept, [&] {
      if (session.is_root())
        rows.use(frame, {values_of<double>(numbers_there), values_of<std::int64_t>(integers_there)});
    });
  }
}

}  // namespace zoetrope::pipeline
