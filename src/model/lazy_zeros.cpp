// SPDX-License-Identifier: Apache-2.0
#include "lazy_zeros.hpp"

#include <cstddef>

#include <ATen/ATen.h>
#include <sys/mman.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::model {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLeastBytes = 4 * kHugePage;  // below this libtorch's own allocator does as well

}  // namespace

at::Tensor lazy_zeros(std::int64_t count) {
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  if (bytes < kLeastBytes) return at::zeros({count}, options);
  const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw RunError("no memory for a model of " + support::format_bytes(bytes) + ": take a smaller one");
  ::madvise(memory, whole, MADV_HUGEPAGE);  // a hint; the memory is as good without
  return at::from_blob(
      memory, {count}, [whole](void* data) { ::munmap(data, whole); }, options);
}

}  // namespace zoetrope::model
