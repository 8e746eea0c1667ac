// SPDX-License-Identifier: Apache-2.0
// Float32 memory that all ranks of one host see. With a buffer for every rank, a sum over the ranks reads
// each element once from every buffer and writes it once, where messages copy it through a third place. With
// one for all of them, a host keeps a single copy of what is the same on every rank.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <mpi.h>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/support/mapping_guard.hpp"

namespace zoetrope::comm {

class SharedBuffer {
 public:
  enum class Kind { kOneForEach, kOneForAll };
  // `count` zeros for each rank of `comm`, which are all on one host, or for all of them; or null on all
  // ranks where the host's shared memory has no room for it. Collective.
  static std::unique_ptr<SharedBuffer> make(MPI_Comm comm, Kind kind, std::int64_t count);
  // Collective.
  ~SharedBuffer();
  SharedBuffer(const SharedBuffer&) = delete;
  SharedBuffer& operator=(const SharedBuffer&) = delete;

  Kind kind() const { return kind_; }
  // The buffer that this rank writes to, [count]; it lives as long as this.
  at::Tensor mine() const;
  // Whether this contiguous tensor lies in it.
  bool holds(const at::Tensor& tensor) const;
  // With a buffer for every rank: `share` of `part`, the same elements of mine() on every rank, becomes its
  // sum over the ranks, added up in their order. Until the ranks meet in another collective, none may write
  // to the others' shares of mine(). Collective.
  void sum_share(const at::Tensor& part, support::Range share);

 private:
  SharedBuffer(MPI_Comm comm, Kind kind, std::int64_t count);
  void meet();

  MPI_Comm comm_;
  Kind kind_;
  std::int64_t count_;
  MPI_Win window_ = MPI_WIN_NULL;
  std::vector<float*> buffers_;  // by rank, or the one
  std::size_t mine_;             // of them
  std::vector<support::MappingGuard> guards_;
};

}  // namespace zoetrope::comm
