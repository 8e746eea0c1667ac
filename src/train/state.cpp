// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/support/range.hpp"

#include "update_kernels.hpp"

namespace zoetrope::train {

namespace {

// Whole pieces, so that the gradient's norm is added up as on one rank.
support::Range share_of(std::int64_t count, const comm::Communicator& communicator) {
  const auto [first, last] = support::share(num_pieces(count), communicator.rank(), communicator.size());
  return {std::min(first * kPiece, count), std::min(last * kPiece, count)};
}

}  // namespace

TrainingState make_state(model::Vit model, comm::Communicator& communicator) {
  const c10::NoGradGuard no_grad;
  const at::Tensor values = model.flat();
  const at::Tensor common = values.is_cpu() ? communicator.make_common(3 * values.numel()) : at::Tensor();
  if (!common.defined()) return {std::move(model), at::zeros_like(values), at::zeros_like(values), {}};
  const at::Tensor rows = common.view({3, values.numel()});
  TrainingState state{model.over(rows[0]), rows[1], rows[2], share_of(values.numel(), communicator)};
  write_state(state, communicator, [&] { rows[0].copy_(values); });
  return state;
}

void write_state(const TrainingState& state, comm::Communicator& communicator,
                 const std::function<void()>& write) {
  if (!state.share || communicator.rank() == 0) write();
  if (state.share) communicator.barrier();
}

}  // namespace zoetrope::train
