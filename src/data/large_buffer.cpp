// SPDX-License-Identifier: Apache-2.0
#include "large_buffer.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/accumulate.h>
#include <sys/mman.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::data {
namespace {

constexpr std::size_t kWorthHugePages = std::size_t{32} << 20;

}  // namespace

at::Tensor large_byte_tensor(at::IntArrayRef sizes) {
  const auto bytes = static_cast<std::size_t>(c10::multiply_integers(sizes));
  if (bytes < kWorthHugePages) return at::empty(sizes, at::kByte);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw RunError("no memory for the resized images, " + support::format_bytes(bytes) +
                   "; give a smaller --image-cache or fewer images");
  madvise(memory, bytes, MADV_HUGEPAGE);  // advice only: a kernel without huge pages refuses, and all is well
  return at::from_blob(
      memory, sizes, [bytes](void* p) { munmap(p, bytes); }, at::kByte);
}

}  // namespace zoetrope::data
