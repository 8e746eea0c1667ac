// SPDX-License-Identifier: Apache-2.0
// Where threads that stand for ranks meet. A call that does not match the other ranks' is an error here,
// where MPI would hang or mix up data.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/comm/testing.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::comm {

// What one rank brings to a collective.
struct Call {
  std::string description;  // must be the same on all ranks
  at::Tensor tensor;
  int color = 0;
};

// The state of one run: one mutex for all its groups, since a failure in any of them must wake all.
struct Run {
  RankMemory memory = RankMemory::kApart;
  std::mutex mutex;
  std::condition_variable changed;
  std::exception_ptr first_error;
  std::set<int> ended;  // ranks of the outermost group whose body has returned
};

// The meeting point of the ranks of one group. `members` are ranks of the outermost group.
class Group {
 public:
  Group(std::shared_ptr<Run> run, std::vector<int> members)
      : run_(std::move(run)), members_(std::move(members)) {}

  int size() const { return static_cast<int>(members_.size()); }
  int member(int rank) const { return members_[static_cast<std::size_t>(rank)]; }
  const std::shared_ptr<Run>& run() const { return run_; }

  // Waits until every rank has brought its call, runs `use` on all of them (in rank order), and waits until
  // every rank has done so; nobody writes to a tensor before that. Throws RunError when a peer fails or
  // leaves.
  template <typename Use>
  void meet(int rank, Call call, Use use) {
    std::unique_lock lock(run_->mutex);
    calls_[rank] = std::move(call);
    await_all(lock, arrived_);
    lock.unlock();
    std::exception_ptr error;  // rethrown by all ranks together, so that they can go on together
    try {
      check_same_call();
      use(calls_);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    await_all(lock, used_);
    if (error) std::rethrow_exception(error);
  }

  // The two groups (blocking, asynchronous) of the `ordinal`-th split's ranks of one color.
  using Pair = std::pair<std::shared_ptr<Group>, std::shared_ptr<Group>>;
  Pair child(std::int64_t ordinal, int color, const std::vector<int>& members) {
    const std::lock_guard lock(run_->mutex);
    Pair& pair = children_[{ordinal, color}];
    if (!pair.first) pair = {std::make_shared<Group>(run_, members), std::make_shared<Group>(run_, members)};
    return pair;
  }

 private:
  struct Gate {
    int inside = 0;
    std::int64_t openings = 0;
  };

  void await_all(std::unique_lock<std::mutex>& lock, Gate& gate) {
    const std::int64_t opening = gate.openings;
    if (++gate.inside == size()) {
      gate.inside = 0;
      ++gate.openings;
      run_->changed.notify_all();
    }
    run_->changed.wait(lock, [&] { return gate.openings != opening || run_->first_error || someone_left(); });
    if (gate.openings != opening) return;
    if (run_->first_error) throw RunError("another rank has failed");
    throw RunError("another rank has ended while this one waits in a collective");
  }

  bool someone_left() const {
    return std::any_of(members_.begin(), members_.end(), [this](int m) { return run_->ended.contains(m); });
  }

  void check_same_call() const {
    const std::string& first = calls_.at(0).description;
    for (const auto& [rank, call] : calls_) {
      if (call.description == first) continue;
      throw std::logic_error("rank 0 calls " + first + ", rank " + std::to_string(rank) + " calls " +
                             call.description);
    }
  }

  std::shared_ptr<Run> run_;
  std::vector<int> members_;
  std::map<int, Call> calls_;
  std::map<std::pair<std::int64_t, int>, Pair> children_;
  Gate arrived_;
  Gate used_;
};

}  // namespace zoetrope::comm
