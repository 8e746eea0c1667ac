// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/compute/large_buffer.hpp"

#include <cstddef>
#include <string>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/memory.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::compute {

namespace {

// Below these sizes libtorch's own allocator does as well.
constexpr std::size_t kLargeBytes = std::size_t{32} << 20;
constexpr std::size_t kLargeZeros = std::size_t{8} << 20;

at::Tensor lazy_tensor(at::IntArrayRef sizes, at::ScalarType dtype, std::size_t bytes,
                       const std::string& advice) {
  const std::shared_ptr<void> memory = support::lazy_zeros(bytes);
  if (!memory) throw RunError("no memory for " + support::format_bytes(bytes) + " of " + advice);
  return at::from_blob(
      memory.get(), sizes, [memory](void*) {}, dtype);
}

}  // namespace

at::Tensor large_bytes(at::IntArrayRef sizes) {
  const auto bytes = static_cast<std::size_t>(c10::multiply_integers(sizes));
  if (bytes < kLargeBytes) return at::empty(sizes, at::kByte);
  return lazy_tensor(sizes, at::kByte, bytes, "resized images; give a smaller --image-cache or fewer images");
}

at::Tensor large_zeros(std::int64_t count) {
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  if (bytes < kLargeZeros) return at::zeros({count}, at::kFloat);
  return lazy_tensor({count}, at::kFloat, bytes, "a model; take a smaller one");
}

}  // namespace zoetrope::compute
