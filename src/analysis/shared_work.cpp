// SPDX-License-Identifier: Apache-2.0
#include "shared_work.hpp"

#include <utility>

#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/scalar_tensor.h>

namespace zoetrope::analysis {

namespace {

template <typename T>
std::vector<T> joined(Team* team, std::vector<T> mine, at::ScalarType type) {
  if (team == nullptr) return mine;
  const at::Tensor all =
      team->all_gather(at::from_blob(mine.data(), {static_cast<std::int64_t>(mine.size())}, type));
  return {all.const_data_ptr<T>(), all.const_data_ptr<T>() + all.numel()};
}

}  // namespace

support::Range share_of(std::int64_t count, Team* team) {
  return team == nullptr ? support::Range{0, count} : support::share(count, team->rank(), team->size());
}

std::int64_t threads_of(Team* team) {
  const std::int64_t here = at::get_num_threads();
  if (team == nullptr) return here;
  at::Tensor threads = at::scalar_tensor(here, at::kLong);
  team->add_up(threads);
  return threads.item<std::int64_t>();
}

void work_together(Team* team, const std::function<void()>& part) {
  if (team == nullptr) return part();
  team->work_together(part);
}

std::vector<std::int64_t> join_shares(Team* team, std::vector<std::int64_t> mine) {
  return joined(team, std::move(mine), at::kLong);
}

std::vector<double> join_shares(Team* team, std::vector<double> mine) {
  return joined(team, std::move(mine), at::kDouble);
}

void add_up(Team* team, std::vector<std::int64_t>& values) {
  if (team == nullptr) return;
  at::Tensor view = at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kLong);
  team->add_up(view);
}

}  // namespace zoetrope::analysis
