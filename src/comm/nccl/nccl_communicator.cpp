// SPDX-License-Identifier: Apache-2.0
#include "nccl/nccl_communicator.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include <ATen/ATen.h>

#include "zoetrope/support/error.hpp"

#include "nccl/check.hpp"
#include "nccl/nccl_types.hpp"

namespace zoetrope::comm {
namespace {

constexpr std::uint64_t kWorldId = 2;  // for the watchdog; MPI's world is 1

std::size_t count_of(const at::Tensor& tensor) {
  return static_cast<std::size_t>(tensor.numel());
}

// Rank 0's id, on all ranks.
ncclUniqueId share_unique_id(Communicator& control) {
  ncclUniqueId id{};
  if (control.rank() == 0) ZT_CHECK_NCCL(ncclGetUniqueId(&id));
  control.broadcast(at::from_blob(id.internal, {NCCL_UNIQUE_ID_BYTES}, at::kByte), 0);
  // Some MPIs finish a broadcast only in a later call, while NCCL's start blocks (NVIDIA/cuDecomp, pull
  // request 24).
  control.barrier();
  return id;
}

// The ranks' slices of a gathered tensor.
struct Slices {
  std::vector<PieceShape> shapes;
  std::int64_t rows = 0;

  explicit Slices(std::vector<PieceShape> all) : shapes(std::move(all)) {
    for (const PieceShape& shape : shapes) rows += shape.rows;
  }
  std::size_t count(int rank) const {
    const PieceShape& shape = shapes[static_cast<std::size_t>(rank)];
    return static_cast<std::size_t>(shape.rows * shape.row_elements);
  }
  void* of(const at::Tensor& all, int rank) const {
    std::size_t before = 0;
    for (int r = 0; r < rank; ++r) before += count(r);
    return static_cast<char*>(all.data_ptr()) + before * all.element_size();
  }
  bool are_equal() const {
    return std::all_of(shapes.begin(), shapes.end(),
                       [this](const PieceShape& s) { return s.rows == shapes[0].rows; });
  }
};

// Keeps the tensors until the current stream is ordered after the collective: their memory may be used again
// by what is queued on that stream then, but not before. Work of a capture that has failed was never queued,
// and its event must not be waited for.
class StreamWork final : public Work {
 public:
  StreamWork(std::vector<at::Tensor> tensors, Event done, bool captured, NcclHandle& handle,
             std::function<cudaStream_t()> current_stream)
      : tensors_(std::move(tensors)),
        done_(std::move(done)),
        captured_(captured),
        handle_(handle),
        current_stream_(std::move(current_stream)) {}
  ~StreamWork() override {
    if (done_ && !captured_) cudaStreamWaitEvent(current_stream_(), done_.get(), 0);
  }
  StreamWork(const StreamWork&) = delete;
  StreamWork& operator=(const StreamWork&) = delete;

  void wait() override {
    if (!done_) return;
    if (const auto reason = handle_.async_error()) throw RunError(*reason);
    ZT_CHECK_CUDA(cudaStreamWaitEvent(current_stream_(), done_.get(), 0));
    done_.reset();
    tensors_.clear();
  }

 private:
  std::vector<at::Tensor> tensors_;
  Event done_;
  bool captured_;
  NcclHandle& handle_;
  std::function<cudaStream_t()> current_stream_;
};

}  // namespace

NcclCommunicator::NcclCommunicator(std::unique_ptr<Communicator> control, DeviceContext context,
                                   const std::shared_ptr<Activity>& watch, std::unique_ptr<NcclHandle> handle,
                                   std::shared_ptr<CommunicationStream> stream, std::uint64_t id,
                                   const std::string& label)
    : control_(std::move(control)),
      context_(std::move(context)),
      watch_(watch),
      host_channel_(watch, id, label),
      events_(std::make_shared<EventPool>()),
      stream_(std::move(stream)),
      handle_(std::move(handle)),
      device_channel_(std::make_unique<DeviceChannel>(watch, *handle_, context_.ordinal, child_id(id, 0, 0),
                                                      label + " device")) {}

NcclCommunicator::~NcclCommunicator() {
  const Activity::Channel::Waiting waiting(host_channel_, "end");
  for (const auto& [registration, buffer] : registrations_) handle_->deregister_buffer(registration);
  device_channel_.reset();
  handle_.reset();
}

template <typename Calls>
std::unique_ptr<Work> NcclCommunicator::launch(const char* operation, std::vector<at::Tensor> tensors,
                                               Calls calls) {
  const std::int64_t elements = tensors.front().numel();
  const char* dtype = dtype_name(tensors.front().scalar_type());
  ZT_CHECK_CUDA(cudaSetDevice(context_.ordinal));
  const cudaStream_t current = context_.current_stream();
  // While a CUDA graph is captured nothing runs, and its events cannot be asked for: launch_captured() has
  // its own. Nor are the calls counted, of which a rank whose capture fails makes fewer than the others.
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  ZT_CHECK_CUDA(cudaStreamIsCapturing(current, &capture));
  std::optional<Activity::Channel::Waiting> waiting;
  if (capture == cudaStreamCaptureStatusNone) waiting.emplace(host_channel_, operation, elements, dtype);
  const Event ready = events_->take();
  const Event start = events_->take();
  const Event done = events_->take();

  ZT_CHECK_CUDA(cudaEventRecord(ready.get(), current));
  ZT_CHECK_CUDA(cudaStreamWaitEvent(stream_->get(), ready.get(), 0));
  ZT_CHECK_CUDA(cudaEventRecord(start.get(), stream_->get()));
  handle_->issue([&](ncclComm_t comm) { calls(comm, stream_->get()); });
  ZT_CHECK_CUDA(cudaEventRecord(done.get(), stream_->get()));

  if (waiting) device_channel_->queued(operation, elements, dtype, start, done);
  return std::make_unique<StreamWork>(std::move(tensors), done, /*captured=*/!waiting, *handle_,
                                      context_.current_stream);
}

void NcclCommunicator::broadcast(at::Tensor tensor, int root) {
  check_tensor(tensor, context_.device.type(), "broadcast");
  check_root(root, size(), "broadcast");
  launch("broadcast", {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
    if (tensor.numel() == 0) return;
    void* data = tensor.data_ptr();
    ZT_CHECK_NCCL(
        ncclBroadcast(data, data, count_of(tensor), nccl_type(tensor.scalar_type()), root, comm, stream));
  })->wait();
}

void NcclCommunicator::all_reduce(at::Tensor tensor, ReduceOp op) {
  all_reduce_async(std::move(tensor), op)->wait();
}

std::unique_ptr<Work> NcclCommunicator::all_reduce_async(at::Tensor tensor, ReduceOp op) {
  check_tensor(tensor, context_.device.type(), "all_reduce");
  check_reduction(tensor.scalar_type(), op, "all_reduce");
  return launch("all_reduce", {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
    if (tensor.numel() == 0) return;
    void* data = tensor.data_ptr();
    ZT_CHECK_NCCL(ncclAllReduce(data, data, count_of(tensor), nccl_type(tensor.scalar_type()), nccl_op(op),
                                comm, stream));
  });
}

void NcclCommunicator::reduce(at::Tensor tensor, int root, ReduceOp op) {
  check_tensor(tensor, context_.device.type(), "reduce");
  check_reduction(tensor.scalar_type(), op, "reduce");
  check_root(root, size(), "reduce");
  launch("reduce", {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
    if (tensor.numel() == 0) return;
    void* data = tensor.data_ptr();
    ZT_CHECK_NCCL(ncclReduce(data, data, count_of(tensor), nccl_type(tensor.scalar_type()), nccl_op(op), root,
                             comm, stream));
  })->wait();
}

at::Tensor NcclCommunicator::gather(const at::Tensor& piece, int root) {
  check_piece(piece, context_.device.type(), "gather");
  check_root(root, size(), "gather");
  const Slices slices(exchange_shapes(piece, "gather"));
  const bool receiving = rank() == root;
  const at::Tensor all = receiving ? empty_rows_like(piece, slices.rows) : at::Tensor();
  const ncclDataType_t type = nccl_type(piece.scalar_type());
  launch("gather", {piece, all}, [&](ncclComm_t comm, cudaStream_t stream) {
    // A rank may send to itself within a group, so that the root is no special case.
    if (piece.numel() > 0)
      ZT_CHECK_NCCL(ncclSend(piece.data_ptr(), count_of(piece), type, root, comm, stream));
    for (int r = 0; receiving && r < size(); ++r) {
      const std::size_t count = slices.count(r);
      if (count > 0) ZT_CHECK_NCCL(ncclRecv(slices.of(all, r), count, type, r, comm, stream));
    }
  })->wait();
  return all;
}

at::Tensor NcclCommunicator::all_gather(const at::Tensor& piece) {
  check_piece(piece, context_.device.type(), "all_gather");
  const Slices slices(exchange_shapes(piece, "all_gather"));
  const at::Tensor all = empty_rows_like(piece, slices.rows);
  const ncclDataType_t type = nccl_type(piece.scalar_type());
  launch("all_gather", {piece, all}, [&](ncclComm_t comm, cudaStream_t stream) {
    if (all.numel() == 0) return;
    if (slices.are_equal()) {
      ZT_CHECK_NCCL(ncclAllGather(piece.data_ptr(), all.data_ptr(), count_of(piece), type, comm, stream));
      return;
    }
    for (int r = 0; r < size(); ++r) {
      const std::size_t count = slices.count(r);
      void* slice = slices.of(all, r);
      const void* from = r == rank() ? piece.data_ptr() : slice;
      if (count > 0) ZT_CHECK_NCCL(ncclBroadcast(from, slice, count, type, r, comm, stream));
    }
  })->wait();
  return all;
}

void NcclCommunicator::barrier() {
  const Activity::Channel::Waiting waiting(host_channel_, "barrier");
  control_->barrier();
}

std::unique_ptr<Communicator> NcclCommunicator::split(int color) {
  check_color(color);
  auto control = control_->split(color);
  const Activity::Channel::Waiting waiting(host_channel_, "split");
  ZT_CHECK_CUDA(cudaSetDevice(context_.ordinal));
  ZT_CHECK_CUDA(cudaStreamSynchronize(stream_->get()));
  auto handle = std::make_unique<NcclHandle>(*handle_, color, rank());
  const std::uint64_t id = child_id(host_channel_.id(), ++splits_, static_cast<std::uint64_t>(color));
  return std::make_unique<NcclCommunicator>(std::move(control), context_, watch_, std::move(handle), stream_,
                                            id, host_channel_.label() + "/" + std::to_string(color));
}

void NcclCommunicator::register_buffer(const at::Tensor& tensor) {
  check_tensor(tensor, context_.device.type(), "register_buffer");
  if (tensor.numel() == 0) return;
  registrations_.emplace_back(handle_->register_buffer(tensor.data_ptr(), tensor.nbytes()), tensor);
}

// The watchdog sees a replay as one collective, from the start of the graph to its end.
void NcclCommunicator::launch_captured(const std::function<void()>& launch) {
  const Activity::Channel::Waiting waiting(host_channel_, "captured step");
  if (const auto reason = handle_->async_error()) throw RunError(*reason);
  ZT_CHECK_CUDA(cudaSetDevice(context_.ordinal));
  const cudaStream_t current = context_.current_stream();
  const Event start = events_->take();
  const Event done = events_->take();
  ZT_CHECK_CUDA(cudaEventRecord(start.get(), current));
  launch();
  ZT_CHECK_CUDA(cudaEventRecord(done.get(), current));
  device_channel_->queued("captured step", 0, "", start, done);
}

std::vector<PieceShape> NcclCommunicator::exchange_shapes(const at::Tensor& piece, const char* operation) {
  PieceShape mine = PieceShape::of(piece);
  constexpr std::int64_t words = sizeof(PieceShape) / sizeof(std::int64_t);
  const at::Tensor all = control_->all_gather(at::from_blob(&mine, {1, words}, at::kLong));
  std::vector<PieceShape> shapes(static_cast<std::size_t>(size()));
  std::memcpy(shapes.data(), all.data_ptr(), shapes.size() * sizeof(PieceShape));
  check_same_rows(shapes.data(), size(), operation);
  return shapes;
}

std::unique_ptr<Communicator> connect_nccl(std::unique_ptr<Communicator> control, DeviceContext context,
                                           const std::shared_ptr<Activity>& watch,
                                           std::chrono::milliseconds timeout) {
  ZT_CHECK_CUDA(cudaSetDevice(context.ordinal));
  const ncclUniqueId id = share_unique_id(*control);
  auto handle = std::make_unique<NcclHandle>(id, control->rank(), control->size(), timeout);
  return std::make_unique<NcclCommunicator>(std::move(control), std::move(context), watch, std::move(handle),
                                            std::make_shared<CommunicationStream>(), kWorldId, "nccl");
}

}  // namespace zoetrope::comm
