// SPDX-License-Identifier: Apache-2.0
#include "large_buffer.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/accumulate.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/memory.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::data {
namespace {

constexpr std::size_t kWorthHugePages = std::size_t{32} << 20;

}  // namespace

at::Tensor large_byte_tensor(at::IntArrayRef sizes) {
  const auto bytes = static_cast<std::size_t>(c10::multiply_integers(sizes));
  if (bytes < kWorthHugePages) return at::empty(sizes, at::kByte);
  const std::shared_ptr<void> memory = support::lazy_zeros(bytes);
  if (!memory)
    throw RunError("no memory for the resized images, " + support::format_bytes(bytes) +
                   "; give a smaller --image-cache or fewer images");
  return at::from_blob(
      memory.get(), sizes, [memory](void*) {}, at::kByte);
}

}  // namespace zoetrope::data
