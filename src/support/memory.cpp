// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

namespace zoetrope::support {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

}  // namespace

std::shared_ptr<void> lazy_zeros(std::size_t bytes) {
  const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  ::madvise(memory, whole, MADV_HUGEPAGE);  // a hint; the memory is as good without
  return {memory, [whole](void* data) { ::munmap(data, whole); }};
}

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMiB = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, 32 * kMiB);  // the largest it takes: buffers above are unmapped when freed
  ::mallopt(M_TRIM_THRESHOLD, 512 * kMiB);
  ::mallopt(M_TOP_PAD, 16 * kMiB);
#endif
}

}  // namespace zoetrope::support
