// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpi_communicator.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <utility>

#include <ATen/ATen.h>

namespace zoetrope::comm {
namespace {

constexpr int kGatherTag = 1;
constexpr std::chrono::microseconds kLongestPause{50};

char* bytes_of(const at::Tensor& tensor) {
  return static_cast<char*>(tensor.data_ptr());
}

// Calls action(first byte, number of elements) for every chunk of `count` elements at `data`.
template <typename Action>
void for_each_chunk(char* data, std::int64_t count, std::int64_t element_size, std::int64_t max_chunk,
                    Action action) {
  for (std::int64_t begin = 0; begin < count; begin += max_chunk) {
    action(data + begin * element_size, static_cast<int>(std::min(max_chunk, count - begin)));
  }
}

std::int64_t total_rows(const std::vector<PieceShape>& shapes) {
  return std::accumulate(shapes.begin(), shapes.end(), std::int64_t{0},
                         [](std::int64_t sum, const PieceShape& shape) { return sum + shape.rows; });
}

// Counts and displacements of a gather, in elements.
struct Layout {
  std::vector<int> counts;
  std::vector<int> displacements;

  explicit Layout(const std::vector<PieceShape>& shapes) {
    int displacement = 0;
    for (const PieceShape& shape : shapes) {
      counts.push_back(static_cast<int>(shape.rows * shape.row_elements));
      displacements.push_back(displacement);
      displacement += counts.back();
    }
  }
};

// Completes `request`, sleeping in between: MPI's own waiting spins, which takes a core from the computation
// that the communication thread runs beside. Once the computation itself waits, its core is free.
void wait_beside_computation(MPI_Request request, const OrderedExecutor& executor) {
  for (auto pause = std::chrono::microseconds(5);; pause = std::min(pause * 2, kLongestPause)) {
    int done = 0;
    ZT_CHECK_MPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (done != 0) return;
    if (executor.is_awaited()) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(pause);
    }
  }
}

}  // namespace

MpiCommunicator::MpiCommunicator(UniqueComm comm, const std::shared_ptr<Activity>& watch, std::uint64_t id,
                                 const std::string& label, std::int64_t max_chunk)
    : comm_(std::move(comm)),
      async_comm_(duplicate(comm_.get())),
      rank_(rank_in(comm_.get())),
      size_(size_of(comm_.get())),
      max_chunk_(max_chunk),
      channel_(watch, id, label),
      async_channel_(watch, child_id(id, 0, 0), label + " async") {}

void MpiCommunicator::broadcast(at::Tensor tensor, int root) {
  check_tensor(tensor, at::kCPU, "broadcast");
  check_root(root, size_, "broadcast");
  const Activity::Channel::Waiting waiting(channel_, "broadcast", tensor.numel(),
                                           dtype_name(tensor.scalar_type()));
  for_each_chunk(bytes_of(tensor), tensor.numel(), tensor.element_size(), max_chunk_,
                 [&](char* data, int count) {
                   ZT_CHECK_MPI(MPI_Bcast(data, count, mpi_type(tensor.scalar_type()), root, comm_.get()));
                 });
}

void MpiCommunicator::all_reduce(at::Tensor tensor, ReduceOp op) {
  check_tensor(tensor, at::kCPU, "all_reduce");
  check_reduction(tensor.scalar_type(), op, "all_reduce");
  const Activity::Channel::Waiting waiting(channel_, "all_reduce", tensor.numel(),
                                           dtype_name(tensor.scalar_type()));
  const MPI_Datatype type = mpi_type(tensor.scalar_type());
  const MPI_Op mpi_op = reductions_.find(tensor.scalar_type(), op);
  for_each_chunk(bytes_of(tensor), tensor.numel(), tensor.element_size(), max_chunk_,
                 [&](char* data, int count) {
                   ZT_CHECK_MPI(MPI_Allreduce(MPI_IN_PLACE, data, count, type, mpi_op, comm_.get()));
                 });
  if (op == ReduceOp::kAverage) divide_by(tensor, size_);
}

std::unique_ptr<Work> MpiCommunicator::all_reduce_async(at::Tensor tensor, ReduceOp op) {
  check_tensor(tensor, at::kCPU, "all_reduce_async");
  check_reduction(tensor.scalar_type(), op, "all_reduce_async");
  return executor_.submit([this, tensor, op] { run_all_reduce(tensor, op); });
}

at::Tensor MpiCommunicator::make_buffer(const at::Tensor& like) {
  check_tensor(like, at::kCPU, "make_buffer");
  if (like.scalar_type() == at::kFloat) {
    const at::Tensor shared = make_shared(SharedBuffer::Kind::kOneForEach, like.numel(), "make_buffer");
    if (shared.defined()) return shared.view(like.sizes());
  }
  return Communicator::make_buffer(like);
}

at::Tensor MpiCommunicator::make_common(std::int64_t count) {
  return make_shared(SharedBuffer::Kind::kOneForAll, count, "make_common");
}

at::Tensor MpiCommunicator::make_shared(SharedBuffer::Kind kind, std::int64_t count, const char* operation) {
  if (!executor_.is_deferred() || size_ == 1) return {};
  const Activity::Channel::Waiting waiting(channel_, operation, count, dtype_name(at::kFloat));
  auto buffer = SharedBuffer::make(comm_.get(), kind, count);
  if (!buffer) return {};
  shared_buffers_.push_back(std::move(buffer));
  return shared_buffers_.back()->mine();
}

// The one of all ranks in which this tensor lies, or null.
SharedBuffer* MpiCommunicator::buffer_of(const at::Tensor& tensor) const {
  const auto found = std::ranges::find_if(shared_buffers_, [&](const auto& buffer) {
    return buffer->kind() == SharedBuffer::Kind::kOneForEach && buffer->holds(tensor);
  });
  return found == shared_buffers_.end() ? nullptr : found->get();
}

void MpiCommunicator::reduce_scatter(at::Tensor tensor, support::Range share) {
  check_tensor(tensor, at::kCPU, "reduce_scatter");
  SharedBuffer* const shared = buffer_of(tensor);
  if (shared == nullptr) return Communicator::reduce_scatter(tensor, share);
  const Activity::Channel::Waiting waiting(channel_, "reduce_scatter", tensor.numel(),
                                           dtype_name(tensor.scalar_type()));
  shared->sum_share(tensor, share);
}

void MpiCommunicator::run_all_reduce(const at::Tensor& tensor, ReduceOp op) {
  const Activity::Channel::Waiting waiting(async_channel_, "all_reduce", tensor.numel(),
                                           dtype_name(tensor.scalar_type()));
  const MPI_Datatype type = mpi_type(tensor.scalar_type());
  const MPI_Op mpi_op = reductions_.find(tensor.scalar_type(), op);
  for_each_chunk(
      bytes_of(tensor), tensor.numel(), tensor.element_size(), max_chunk_, [&](char* data, int count) {
        if (executor_.is_deferred()) {
          ZT_CHECK_MPI(MPI_Allreduce(MPI_IN_PLACE, data, count, type, mpi_op, async_comm_.get()));
          return;
        }
        MPI_Request request = MPI_REQUEST_NULL;
        ZT_CHECK_MPI(MPI_Iallreduce(MPI_IN_PLACE, data, count, type, mpi_op, async_comm_.get(), &request));
        wait_beside_computation(request, executor_);
      });
  if (op == ReduceOp::kAverage) divide_by(tensor, size_);
}

void MpiCommunicator::reduce(at::Tensor tensor, int root, ReduceOp op) {
  check_tensor(tensor, at::kCPU, "reduce");
  check_reduction(tensor.scalar_type(), op, "reduce");
  check_root(root, size_, "reduce");
  const Activity::Channel::Waiting waiting(channel_, "reduce", tensor.numel(),
                                           dtype_name(tensor.scalar_type()));
  const MPI_Datatype type = mpi_type(tensor.scalar_type());
  const MPI_Op mpi_op = reductions_.find(tensor.scalar_type(), op);
  for_each_chunk(bytes_of(tensor), tensor.numel(), tensor.element_size(), max_chunk_,
                 [&](char* data, int count) {
                   const void* send = rank_ == root ? MPI_IN_PLACE : data;
                   ZT_CHECK_MPI(MPI_Reduce(send, data, count, type, mpi_op, root, comm_.get()));
                 });
  if (op == ReduceOp::kAverage && rank_ == root) divide_by(tensor, size_);
}

at::Tensor MpiCommunicator::gather(const at::Tensor& piece, int root) {
  check_piece(piece, at::kCPU, "gather");
  check_root(root, size_, "gather");
  const Activity::Channel::Waiting waiting(channel_, "gather", piece.numel(),
                                           dtype_name(piece.scalar_type()));
  const auto shapes = exchange_shapes(piece, "gather");
  at::Tensor all;
  if (rank_ == root) all = empty_rows_like(piece, total_rows(shapes));
  if (total_rows(shapes) * shapes[0].row_elements <= max_chunk_) {
    gather_into(all, piece, shapes, root);
  } else if (rank_ == root) {
    receive_in_chunks(all, piece, shapes);
  } else {
    send_in_chunks(piece, root);
  }
  return all;
}

at::Tensor MpiCommunicator::all_gather(const at::Tensor& piece) {
  check_piece(piece, at::kCPU, "all_gather");
  const Activity::Channel::Waiting waiting(channel_, "all_gather", piece.numel(),
                                           dtype_name(piece.scalar_type()));
  const auto shapes = exchange_shapes(piece, "all_gather");
  at::Tensor all = empty_rows_like(piece, total_rows(shapes));
  const MPI_Datatype type = mpi_type(piece.scalar_type());
  if (all.numel() <= max_chunk_) {
    const Layout layout(shapes);
    ZT_CHECK_MPI(MPI_Allgatherv(piece.data_ptr(), static_cast<int>(piece.numel()), type, all.data_ptr(),
                                layout.counts.data(), layout.displacements.data(), type, comm_.get()));
    return all;
  }
  char* data = bytes_of(all);
  for (int r = 0; r < size_; ++r) {
    const PieceShape& shape = shapes[static_cast<std::size_t>(r)];
    const std::int64_t count = shape.rows * shape.row_elements;
    if (r == rank_) std::copy_n(bytes_of(piece), count * piece.element_size(), data);
    for_each_chunk(data, count, piece.element_size(), max_chunk_,
                   [&](char* chunk, int n) { ZT_CHECK_MPI(MPI_Bcast(chunk, n, type, r, comm_.get())); });
    data += count * piece.element_size();
  }
  return all;
}

void MpiCommunicator::barrier() {
  const Activity::Channel::Waiting waiting(channel_, "barrier");
  std::atomic_thread_fence(std::memory_order_seq_cst);
  MPI_Request request = MPI_REQUEST_NULL;
  ZT_CHECK_MPI(MPI_Ibarrier(comm_.get(), &request));
  wait_patiently(request);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

std::unique_ptr<Communicator> MpiCommunicator::split(int color) {
  check_color(color);
  const Activity::Channel::Waiting waiting(channel_, "split");
  MPI_Comm part = MPI_COMM_NULL;
  ZT_CHECK_MPI(MPI_Comm_split(comm_.get(), color, rank_, &part));
  const std::uint64_t id = child_id(channel_.id(), ++splits_, static_cast<std::uint64_t>(color));
  auto child = std::make_unique<MpiCommunicator>(UniqueComm(part), channel_.watch(), id,
                                                 channel_.label() + "/" + std::to_string(color), max_chunk_);
  child->set_deferred(executor_.is_deferred());
  return child;
}

std::vector<PieceShape> MpiCommunicator::exchange_shapes(const at::Tensor& piece, const char* operation) {
  const PieceShape mine = PieceShape::of(piece);
  std::vector<PieceShape> shapes(static_cast<std::size_t>(size_));
  constexpr int words = sizeof(PieceShape) / sizeof(std::int64_t);
  ZT_CHECK_MPI(MPI_Allgather(&mine, words, MPI_INT64_T, shapes.data(), words, MPI_INT64_T, comm_.get()));
  check_same_rows(shapes.data(), size_, operation);
  return shapes;
}

void MpiCommunicator::gather_into(const at::Tensor& all, const at::Tensor& piece,
                                  const std::vector<PieceShape>& shapes, int root) {
  const MPI_Datatype type = mpi_type(piece.scalar_type());
  const Layout layout(shapes);
  void* receive = rank_ == root ? all.data_ptr() : nullptr;
  ZT_CHECK_MPI(MPI_Gatherv(piece.data_ptr(), static_cast<int>(piece.numel()), type, receive,
                           layout.counts.data(), layout.displacements.data(), type, root, comm_.get()));
}

void MpiCommunicator::send_in_chunks(const at::Tensor& piece, int root) {
  for_each_chunk(
      bytes_of(piece), piece.numel(), piece.element_size(), max_chunk_, [&](char* data, int count) {
        ZT_CHECK_MPI(MPI_Send(data, count, mpi_type(piece.scalar_type()), root, kGatherTag, comm_.get()));
      });
}

void MpiCommunicator::receive_in_chunks(const at::Tensor& all, const at::Tensor& piece,
                                        const std::vector<PieceShape>& shapes) {
  const MPI_Datatype type = mpi_type(piece.scalar_type());
  char* data = bytes_of(all);
  for (int r = 0; r < size_; ++r) {
    const PieceShape& shape = shapes[static_cast<std::size_t>(r)];
    const std::int64_t count = shape.rows * shape.row_elements;
    if (r == rank_) {
      std::copy_n(bytes_of(piece), count * piece.element_size(), data);
    } else {
      for_each_chunk(data, count, piece.element_size(), max_chunk_, [&](char* chunk, int n) {
        ZT_CHECK_MPI(MPI_Recv(chunk, n, type, r, kGatherTag, comm_.get(), MPI_STATUS_IGNORE));
      });
    }
    data += count * piece.element_size();
  }
}

}  // namespace zoetrope::comm
