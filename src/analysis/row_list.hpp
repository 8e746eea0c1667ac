// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace zoetrope::analysis {

// Rows of matrices that stay where they are.
class RowList {
 public:
  // All of these, one matrix after the other: float32 [n, D], contiguous, on the CPU.
  explicit RowList(std::vector<at::Tensor> matrices);

  std::int64_t size() const { return static_cast<std::int64_t>(row_.size()); }
  std::int64_t columns() const { return matrices_.front().size(1); }
  const float* operator[](std::int64_t i) const { return row_[static_cast<std::size_t>(i)]; }

  // Those named by `index`, in its order.
  RowList some(std::span<const std::int64_t> index) const;

 private:
  std::vector<at::Tensor> matrices_;
  std::vector<const float*> row_;
};

}  // namespace zoetrope::analysis
