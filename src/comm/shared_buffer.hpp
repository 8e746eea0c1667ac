// SPDX-License-Identifier: Apache-2.0
// A float32 buffer of every rank of one host, in memory that all of them see: a sum over the ranks reads each
// element once from every buffer and writes it once, where messages copy it through a third place.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <mpi.h>

namespace zoetrope::comm {

class SharedBuffer {
 public:
  // `count` zeros for each rank of `comm`, which are all on one host, or null on all of them where the host's
  // shared memory has no room for it. Collective.
  static std::unique_ptr<SharedBuffer> make(MPI_Comm comm, std::int64_t count);
  // Collective.
  ~SharedBuffer();
  SharedBuffer(const SharedBuffer&) = delete;
  SharedBuffer& operator=(const SharedBuffer&) = delete;

  // This rank's, [count]; it lives as long as this.
  at::Tensor mine() const;
  // Whether this contiguous tensor lies in it.
  bool holds(const at::Tensor& tensor) const;
  // `part`, the same elements of mine() on every rank, becomes its sum over the ranks, added up in their
  // order. Collective.
  void sum(const at::Tensor& part);

 private:
  SharedBuffer(MPI_Comm comm, std::int64_t count);
  void meet();

  MPI_Comm comm_;
  std::int64_t count_;
  int rank_;
  MPI_Win window_ = MPI_WIN_NULL;
  std::vector<float*> buffers_;  // by rank
};

}  // namespace zoetrope::comm
