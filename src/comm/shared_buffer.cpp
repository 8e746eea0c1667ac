// SPDX-License-Identifier: Apache-2.0
#include "shared_buffer.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include <ATen/ATen.h>

#include "mpi_handle.hpp"

namespace zoetrope::comm {
namespace {

// Where OpenMPI keeps shared windows. Files there take memory only once they are written to, and a process
// that writes more than there is is killed: so half must stay free.
constexpr const char* kSharedMemory = "/dev/shm";

bool has_room(std::int64_t count, int ranks) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(kSharedMemory, error);
  const auto bytes = static_cast<std::uintmax_t>(count) * sizeof(float) * static_cast<std::uintmax_t>(ranks);
  return !error && bytes <= space.available / 2;
}

bool on_all_ranks(bool here, MPI_Comm comm) {
  int all = here ? 1 : 0;
  ZT_CHECK_MPI(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm));
  return all != 0;
}

}  // namespace

std::unique_ptr<SharedBuffer> SharedBuffer::make(MPI_Comm comm, std::int64_t count) {
  if (!on_all_ranks(has_room(count, size_of(comm)), comm)) return nullptr;
  return std::unique_ptr<SharedBuffer>(new SharedBuffer(comm, count));
}

SharedBuffer::SharedBuffer(MPI_Comm comm, std::int64_t count)
    : comm_(comm), count_(count), rank_(rank_in(comm)), buffers_(static_cast<std::size_t>(size_of(comm))) {
  MPI_Info pages_of_their_own = MPI_INFO_NULL;
  ZT_CHECK_MPI(MPI_Info_create(&pages_of_their_own));
  ZT_CHECK_MPI(MPI_Info_set(pages_of_their_own, "alloc_shared_noncontig", "true"));
  float* mine = nullptr;
  const int code =
      MPI_Win_allocate_shared(static_cast<MPI_Aint>(static_cast<std::size_t>(count) * sizeof(float)),
                              sizeof(float), pages_of_their_own, comm, &mine, &window_);
  ZT_CHECK_MPI(MPI_Info_free(&pages_of_their_own));
  check_mpi(code, "MPI_Win_allocate_shared");
  ZT_CHECK_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_));
  for (std::size_t r = 0; r < buffers_.size(); ++r) {
    MPI_Aint bytes = 0;
    int unit = 0;
    ZT_CHECK_MPI(MPI_Win_shared_query(window_, static_cast<int>(r), &bytes, &unit, &buffers_[r]));
  }
  std::fill_n(mine, count, 0.0f);
}

SharedBuffer::~SharedBuffer() {
  MPI_Win_unlock_all(window_);
  MPI_Win_free(&window_);
}

at::Tensor SharedBuffer::mine() const {
  return at::from_blob(buffers_[static_cast<std::size_t>(rank_)], {count_}, at::kFloat);
}

bool SharedBuffer::holds(const at::Tensor& tensor) const {
  if (tensor.scalar_type() != at::kFloat) return false;
  const float* first = buffers_[static_cast<std::size_t>(rank_)];
  const auto* data = static_cast<const float*>(tensor.const_data_ptr());
  return !std::less<>()(data, first) && !std::less<>()(first + count_, data + tensor.numel());
}

// What a rank has written before, all of them see afterwards.
void SharedBuffer::meet() {
  ZT_CHECK_MPI(MPI_Win_sync(window_));
  ZT_CHECK_MPI(MPI_Barrier(comm_));
  ZT_CHECK_MPI(MPI_Win_sync(window_));
}

// Each rank adds up its own share of the elements and hands it to all.
void SharedBuffer::sum(const at::Tensor& part) {
  constexpr std::int64_t kPiece = 4096;  // of a core's first cache
  const std::int64_t offset = part.const_data_ptr<float>() - buffers_[static_cast<std::size_t>(rank_)];
  const auto ranks = static_cast<std::int64_t>(buffers_.size());
  const std::int64_t begin = offset + part.numel() * rank_ / ranks;
  const std::int64_t end = offset + part.numel() * (rank_ + 1) / ranks;
  meet();
  for (std::int64_t first = begin; first < end; first += kPiece) {
    const std::int64_t count = std::min(kPiece, end - first);
    std::array<float, kPiece> sum;
    std::copy_n(buffers_[0] + first, count, sum.data());
    for (std::size_t r = 1; r < buffers_.size(); ++r)
      std::transform(sum.begin(), sum.begin() + count, buffers_[r] + first, sum.begin(), std::plus<>());
    for (float* buffer : buffers_) std::copy_n(sum.data(), count, buffer + first);
  }
  meet();
}

}  // namespace zoetrope::comm
