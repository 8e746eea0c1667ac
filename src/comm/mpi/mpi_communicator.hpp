// SPDX-License-Identifier: Apache-2.0
// Collectives over CPU tensors by MPI. Blocking calls run in the caller's thread; asynchronous ones in a
// thread of their own, over an MPI communicator of their own, because MPI_Iallreduce of OpenMPI 4.1 makes no
// progress while the caller computes.
#pragma once

#include <climits>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"

#include "argument_check.hpp"
#include "mpi/mpi_handle.hpp"
#include "mpi/mpi_reduction.hpp"
#include "mpi/shared_buffer.hpp"
#include "ordered_executor.hpp"
#include "watchdog/activity.hpp"

namespace zoetrope::comm {

class MpiCommunicator final : public Communicator {
 public:
  // MPI counts are ints, so larger transfers are cut into chunks of this many elements (tests make it small).
  static constexpr std::int64_t kMaxChunk = INT_MAX;

  // Takes `comm`; collective over it. `id` and `label` name the group for `watch`.
  MpiCommunicator(UniqueComm comm, const std::shared_ptr<Activity>& watch, std::uint64_t id,
                  const std::string& label, std::int64_t max_chunk = kMaxChunk);

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string backend() const override { return "mpi"; }
  void broadcast(at::Tensor tensor, int root) override;
  void all_reduce(at::Tensor tensor, ReduceOp op) override;
  void reduce(at::Tensor tensor, int root, ReduceOp op) override;
  at::Tensor gather(const at::Tensor& piece, int root) override;
  at::Tensor all_gather(const at::Tensor& piece) override;
  void barrier() override;
  void reduce_scatter(at::Tensor tensor, support::Range share) override;
  std::unique_ptr<Work> all_reduce_async(at::Tensor tensor, ReduceOp op) override;
  // Where set_deferred(), in memory that the ranks share, if there is room.
  at::Tensor make_buffer(const at::Tensor& like) override;
  // Where set_deferred(), if there is room.
  at::Tensor make_common(std::int64_t count) override;
  std::unique_ptr<Communicator> split(int color) override;

  // Whether asynchronous all-reduces wait until they are waited for (see World::set_compute_threads): only
  // where all ranks are on one host. The same on every rank, and none may be under way.
  void set_deferred(bool deferred) { executor_.set_deferred(deferred); }

 private:
  void run_all_reduce(const at::Tensor& tensor, ReduceOp op);
  at::Tensor make_shared(SharedBuffer::Kind kind, std::int64_t count, const char* operation);
  SharedBuffer* buffer_of(const at::Tensor& tensor) const;
  std::vector<PieceShape> exchange_shapes(const at::Tensor& piece, const char* operation);
  void gather_into(const at::Tensor& all, const at::Tensor& piece, const std::vector<PieceShape>& shapes,
                   int root);
  void send_in_chunks(const at::Tensor& piece, int root);
  void receive_in_chunks(const at::Tensor& all, const at::Tensor& piece,
                         const std::vector<PieceShape>& shapes);

  UniqueComm comm_;
  UniqueComm async_comm_;
  int rank_;
  int size_;
  std::int64_t max_chunk_;
  std::uint64_t splits_ = 0;
  MpiReductions reductions_;
  Activity::Channel channel_;
  Activity::Channel async_channel_;
  std::vector<std::unique_ptr<SharedBuffer>> shared_buffers_;
  OrderedExecutor executor_;  // last: its thread uses all of the above
};

}  // namespace zoetrope::comm
