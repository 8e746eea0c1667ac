// SPDX-License-Identifier: Apache-2.0
#include "lazy_zeros.hpp"

#include <cstddef>

#include <ATen/ATen.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/memory.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::model {

namespace {

constexpr std::size_t kLeastBytes = std::size_t{8} << 20;  // below this libtorch's own allocator does as well

}  // namespace

at::Tensor lazy_zeros(std::int64_t count) {
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  if (bytes < kLeastBytes) return at::zeros({count}, options);
  const std::shared_ptr<void> memory = support::lazy_zeros(bytes);
  if (!memory)
    throw RunError("no memory for a model of " + support::format_bytes(bytes) + ": take a smaller one");
  return at::from_blob(
      memory.get(), {count}, [memory](void*) {}, options);
}

}  // namespace zoetrope::model
