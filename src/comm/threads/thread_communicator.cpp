// SPDX-License-Identifier: Apache-2.0
// Threads as ranks, for tests: collective code runs in one process, without mpirun.
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "zoetrope/comm/testing.hpp"
#include "zoetrope/support/error.hpp"

#include "argument_check.hpp"
#include "ordered_executor.hpp"
#include "threads/thread_group.hpp"

namespace zoetrope::comm {
namespace {

std::string describe(const char* operation, const at::Tensor& tensor, int root = -1, int op = -1) {
  return std::string(operation) + " of " + std::to_string(tensor.numel()) + " " +
         dtype_name(tensor.scalar_type()) + " (root " + std::to_string(root) + ", operation " +
         std::to_string(op) + ")";
}

at::Tensor reduce_calls(const std::map<int, Call>& calls, ReduceOp op) {
  at::Tensor result = calls.at(0).tensor.detach().clone();
  for (std::size_t r = 1; r < calls.size(); ++r) {
    const at::Tensor& other = calls.at(static_cast<int>(r)).tensor;
    switch (op) {
      case ReduceOp::kMin:
        at::minimum_out(result, result, other);
        break;
      case ReduceOp::kMax:
        at::maximum_out(result, result, other);
        break;
      case ReduceOp::kSum:
      case ReduceOp::kAverage:
        result.add_(other);
        break;
    }
  }
  if (op == ReduceOp::kAverage) result.div_(static_cast<double>(calls.size()));
  return result;
}

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(int rank, std::shared_ptr<Group> group, std::shared_ptr<Group> async_group)
      : rank_(rank), group_(std::move(group)), async_group_(std::move(async_group)) {}

  int rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  std::string backend() const override { return "threads"; }

  void broadcast(at::Tensor tensor, int root) override {
    check_tensor(tensor, at::kCPU, "broadcast");
    check_root(root, size(), "broadcast");
    const at::NoGradGuard no_grad;
    at::Tensor received;
    group_->meet(rank_, {describe("broadcast", tensor, root), tensor},
                 [&](const auto& calls) { received = calls.at(root).tensor.detach().clone(); });
    if (rank_ != root) tensor.copy_(received);
  }

  void all_reduce(at::Tensor tensor, ReduceOp op) override {
    check_tensor(tensor, at::kCPU, "all_reduce");
    check_reduction(tensor.scalar_type(), op, "all_reduce");
    all_reduce_in(*group_, tensor, op);
  }

  void reduce(at::Tensor tensor, int root, ReduceOp op) override {
    check_tensor(tensor, at::kCPU, "reduce");
    check_reduction(tensor.scalar_type(), op, "reduce");
    check_root(root, size(), "reduce");
    const at::NoGradGuard no_grad;
    at::Tensor result;
    group_->meet(rank_, {describe("reduce", tensor, root, static_cast<int>(op)), tensor},
                 [&](const auto& calls) {
                   if (rank_ == root) result = reduce_calls(calls, op);
                 });
    if (rank_ == root) tensor.copy_(result);
  }

  at::Tensor gather(const at::Tensor& piece, int root) override {
    check_piece(piece, at::kCPU, "gather");
    check_root(root, size(), "gather");
    return concatenate(piece, root, "gather to root " + std::to_string(root));
  }

  at::Tensor all_gather(const at::Tensor& piece) override {
    check_piece(piece, at::kCPU, "all_gather");
    return concatenate(piece, rank_, "all_gather");
  }

  void barrier() override {
    group_->meet(rank_, {"barrier", {}}, [](const auto&) {});
  }

  std::unique_ptr<Work> all_reduce_async(at::Tensor tensor, ReduceOp op) override {
    check_tensor(tensor, at::kCPU, "all_reduce_async");
    check_reduction(tensor.scalar_type(), op, "all_reduce_async");
    return executor_.submit([this, tensor, op] { all_reduce_in(*async_group_, tensor, op); });
  }

  at::Tensor make_common(std::int64_t count) override {
    if (group_->run()->memory == RankMemory::kApart) return {};
    at::Tensor common = rank_ == 0 ? at::zeros({count}, at::kFloat) : at::Tensor();
    group_->meet(rank_, {"make_common of " + std::to_string(count), common}, [&](const auto& calls) {
      if (rank_ != 0) common = calls.at(0).tensor;
    });
    return common;
  }

  std::unique_ptr<Communicator> split(int color) override;

 private:
  void all_reduce_in(Group& group, const at::Tensor& tensor, ReduceOp op) {
    const at::NoGradGuard no_grad;
    at::Tensor result;
    group.meet(rank_, {describe("all_reduce", tensor, -1, static_cast<int>(op)), tensor},
               [&](const auto& calls) { result = reduce_calls(calls, op); });
    tensor.copy_(result);
  }

  at::Tensor concatenate(const at::Tensor& piece, int root, const std::string& call) {
    const at::NoGradGuard no_grad;
    at::Tensor result;
    group_->meet(rank_, {call, piece}, [&](const auto& calls) {
      std::vector<PieceShape> shapes;
      std::vector<at::Tensor> pieces;
      for (const auto& [rank, brought] : calls) {
        shapes.push_back(PieceShape::of(brought.tensor));
        pieces.push_back(brought.tensor.detach());
      }
      check_same_rows(shapes.data(), size(), call.c_str());
      if (rank_ == root) result = at::cat(pieces, 0);
    });
    return result;
  }

  int rank_;
  std::shared_ptr<Group> group_;
  std::shared_ptr<Group> async_group_;
  std::int64_t splits_ = 0;
  OrderedExecutor executor_;
};

std::unique_ptr<Communicator> ThreadCommunicator::split(int color) {
  check_color(color);
  std::vector<int> members;
  int new_rank = 0;
  group_->meet(rank_, {"split", {}, color}, [&](const auto& calls) {
    for (const auto& [rank, call] : calls) {
      if (call.color != color) continue;
      if (rank == rank_) new_rank = static_cast<int>(members.size());
      members.push_back(group_->member(rank));
    }
  });
  auto [group, async_group] = group_->child(++splits_, color, members);
  return std::make_unique<ThreadCommunicator>(new_rank, std::move(group), std::move(async_group));
}

// The body of one thread.
void run_rank(int rank, Run& run, ThreadCommunicator& communicator,
              const std::function<void(Communicator&)>& body) {
  try {
    body(communicator);
  } catch (...) {
    const std::lock_guard lock(run.mutex);
    if (!run.first_error) run.first_error = std::current_exception();
    run.changed.notify_all();
  }
  const std::lock_guard lock(run.mutex);
  run.ended.insert(rank);
  run.changed.notify_all();
}

}  // namespace

void run_as_thread_ranks(int size, const std::function<void(Communicator&)>& body, RankMemory memory) {
  if (size < 1) throw std::invalid_argument("run_as_thread_ranks: " + std::to_string(size) + " ranks");
  const auto run = std::make_shared<Run>();
  run->memory = memory;
  std::vector<int> members(static_cast<std::size_t>(size));
  std::iota(members.begin(), members.end(), 0);
  const auto group = std::make_shared<Group>(run, members);
  const auto async_group = std::make_shared<Group>(run, members);

  std::vector<std::thread> threads;
  threads.reserve(members.size());
  for (const int rank : members) {
    threads.emplace_back([&, rank] {
      ThreadCommunicator communicator(rank, group, async_group);
      run_rank(rank, *run, communicator, body);
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (run->first_error) std::rethrow_exception(run->first_error);
}

}  // namespace zoetrope::comm
