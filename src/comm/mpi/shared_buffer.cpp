// SPDX-License-Identifier: Apache-2.0
#include "mpi/shared_buffer.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <string>

#include <ATen/ATen.h>

#include "zoetrope/compute/tasks.hpp"

#include "mpi/mpi_handle.hpp"

namespace zoetrope::comm {
namespace {

// Where OpenMPI keeps shared windows. Files there take memory only once they are written to, and a process
// that writes more than there is is killed: so half must stay free.
constexpr const char* kSharedMemory = "/dev/shm";

bool has_room(std::int64_t count, int buffers) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(kSharedMemory, error);
  const auto bytes =
      static_cast<std::uintmax_t>(count) * sizeof(float) * static_cast<std::uintmax_t>(buffers);
  return !error && bytes <= space.available / 2;
}

int num_buffers(MPI_Comm comm, SharedBuffer::Kind kind) {
  return kind == SharedBuffer::Kind::kOneForEach ? size_of(comm) : 1;
}

bool on_all_ranks(bool here, MPI_Comm comm) {
  int all = here ? 1 : 0;
  ZT_CHECK_MPI(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm));
  return all != 0;
}

}  // namespace

std::unique_ptr<SharedBuffer> SharedBuffer::make(MPI_Comm comm, Kind kind, std::int64_t count) {
  if (!on_all_ranks(has_room(count, num_buffers(comm, kind)), comm)) return nullptr;
  return std::unique_ptr<SharedBuffer>(new SharedBuffer(comm, kind, count));
}

SharedBuffer::SharedBuffer(MPI_Comm comm, Kind kind, std::int64_t count)
    : comm_(comm),
      kind_(kind),
      count_(count),
      buffers_(static_cast<std::size_t>(num_buffers(comm, kind))),
      mine_(kind == Kind::kOneForEach ? static_cast<std::size_t>(rank_in(comm)) : 0) {
  const bool holds_one = static_cast<std::size_t>(rank_in(comm)) < buffers_.size();
  MPI_Info pages_of_their_own = MPI_INFO_NULL;
  ZT_CHECK_MPI(MPI_Info_create(&pages_of_their_own));
  ZT_CHECK_MPI(MPI_Info_set(pages_of_their_own, "alloc_shared_noncontig", "true"));
  float* here = nullptr;
  const int code = MPI_Win_allocate_shared(
      holds_one ? static_cast<MPI_Aint>(static_cast<std::size_t>(count) * sizeof(float)) : 0, sizeof(float),
      pages_of_their_own, comm, &here, &window_);
  ZT_CHECK_MPI(MPI_Info_free(&pages_of_their_own));
  check_mpi(code, "MPI_Win_allocate_shared");
  ZT_CHECK_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_));
  for (std::size_t r = 0; r < buffers_.size(); ++r) {
    MPI_Aint bytes = 0;
    int unit = 0;
    ZT_CHECK_MPI(MPI_Win_shared_query(window_, static_cast<int>(r), &bytes, &unit, &buffers_[r]));
  }
  for (float* buffer : buffers_)
    guards_.emplace_back(
        buffer, static_cast<std::size_t>(count) * sizeof(float),
        std::string(kSharedMemory) + " is full: make room there, or start fewer ranks on this host");
  if (holds_one) std::fill_n(here, count, 0.0f);
  meet();
}

SharedBuffer::~SharedBuffer() {
  MPI_Win_unlock_all(window_);
  MPI_Win_free(&window_);
}

at::Tensor SharedBuffer::mine() const {
  return at::from_blob(buffers_[mine_], {count_}, at::kFloat);
}

bool SharedBuffer::holds(const at::Tensor& tensor) const {
  if (tensor.scalar_type() != at::kFloat) return false;
  const float* first = buffers_[mine_];
  const auto* data = static_cast<const float*>(tensor.const_data_ptr());
  return !std::less<>()(data, first) && !std::less<>()(first + count_, data + tensor.numel());
}

// What a rank has written before, all of them see afterwards.
void SharedBuffer::meet() {
  ZT_CHECK_MPI(MPI_Win_sync(window_));
  ZT_CHECK_MPI(MPI_Barrier(comm_));
  ZT_CHECK_MPI(MPI_Win_sync(window_));
}

void SharedBuffer::sum_share(const at::Tensor& part, support::Range share) {
  constexpr std::int64_t kPiece = 4096;  // of a core's first cache
  const std::int64_t begin = part.const_data_ptr<float>() - buffers_[mine_] + share.begin;
  meet();
  compute::for_each_range(share.size(), kPiece, [&](std::int64_t first, std::int64_t end) {
    const std::int64_t count = end - first;
    std::array<float, kPiece> sum;
    std::copy_n(buffers_[0] + begin + first, count, sum.data());
    for (std::size_t r = 1; r < buffers_.size(); ++r)
      std::transform(sum.begin(), sum.begin() + count, buffers_[r] + begin + first, sum.begin(),
                     std::plus<>());
    std::copy_n(sum.data(), count, buffers_[mine_] + begin + first);
  });
}

}  // namespace zoetrope::comm
