// SPDX-License-Identifier: Apache-2.0
// Collectives over tensors, between the ranks of one group. MPI serves CPU tensors, NCCL CUDA tensors, and
// threads stand in for ranks in tests. Every rank of the group must make the same calls in the same order
// with the same shapes and dtypes; a branch around a call may depend on reduced values only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/support/range.hpp"

namespace zoetrope::comm {

enum class ReduceOp { kSum, kAverage, kMin, kMax };

// A collective under way. wait() returns when the result is in the tensor (for CUDA: when the current stream
// is ordered after it) and rethrows the collective's error. Dropping it without wait() waits in the
// destructor.
class Work {
 public:
  virtual ~Work() = default;
  virtual void wait() = 0;
};

class Communicator {
 public:
  virtual ~Communicator() = default;
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::string backend() const = 0;  // "mpi", "nccl", "threads"

  // All tensors are contiguous, of dtype float32, float64, int64, int32, uint8 or bfloat16 and on the
  // backend's kind of device; another kind is a std::invalid_argument. Any number of elements, also 0 and
  // more than INT_MAX.
  virtual void broadcast(at::Tensor tensor, int root) = 0;
  virtual void all_reduce(at::Tensor tensor, ReduceOp op) = 0;
  virtual void reduce(at::Tensor tensor, int root,
                      ReduceOp op) = 0;  // other ranks' tensors are left undefined
  // Concatenates along dimension 0 in rank order, on `root` (elsewhere the result is undefined). Pieces may
  // differ in their size along dimension 0 only.
  virtual at::Tensor gather(const at::Tensor& piece, int root) = 0;
  virtual at::Tensor all_gather(const at::Tensor& piece) = 0;
  // Also: what ranks wrote to common memory before it, all see after it.
  virtual void barrier() = 0;
  // `tensor` is summed over the ranks, each of which gets the sum of its own `share` only: together the
  // shares cover it, and what the rest of it holds afterwards is undefined. Other ranks may read it
  // (make_buffer) until all have met in another collective: nothing is written to it before.
  virtual void reduce_scatter(at::Tensor tensor, support::Range share);

  // Starts an all-reduce that goes on beside the caller's computation. Calls are executed in the order made.
  // `tensor` must not be touched before wait().
  virtual std::unique_ptr<Work> all_reduce_async(at::Tensor tensor, ReduceOp op) = 0;

  // Zeros like `like`, where this backend's sums are quickest (gradients); they live as long as the
  // communicator. Collective.
  virtual at::Tensor make_buffer(const at::Tensor& like);

  // `count` float32 zeros in memory that is the same on every rank, or undefined on all of them where they
  // have none in common (several hosts, devices). They live as long as the communicator. Collective.
  virtual at::Tensor make_common(std::int64_t count);

  // Tells the backend that collectives will often use this memory (gradient buckets), so that it may prepare
  // it, and keeps it alive. Not collective.
  virtual void register_buffer(const at::Tensor& tensor);

  // Calls `launch`, which queues a graph with collectives of this communicator (device_graph.hpp) on the
  // current stream; a backend that follows its device for the watchdog takes note of it.
  virtual void launch_captured(const std::function<void()>& launch);

  // A communicator among the ranks that give the same `color` (>= 0), ordered by this one's rank.
  virtual std::unique_ptr<Communicator> split(int color) = 0;
};

// Control values, over a communicator that carries CPU tensors: what their exchange looks like at every call
// site.
double all_reduce_scalar(Communicator& communicator, double value, ReduceOp op);
std::int64_t all_reduce_scalar(Communicator& communicator, std::int64_t value, ReduceOp op);
std::int64_t broadcast_scalar(Communicator& communicator, std::int64_t value, int root);
std::string broadcast_string(Communicator& communicator, const std::string& text, int root);
std::vector<std::string> all_gather_strings(Communicator& communicator, const std::string& text);  // by rank

// A group of one: every call is the identity. Lets a part of a job run alone, with the same code.
std::unique_ptr<Communicator> make_single_communicator();

}  // namespace zoetrope::comm
