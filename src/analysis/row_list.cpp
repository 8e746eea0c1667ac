// SPDX-License-Identifier: Apache-2.0
#include "row_list.hpp"

#include <utility>

namespace zoetrope::analysis {

RowList::RowList(std::vector<at::Tensor> matrices) : matrices_(std::move(matrices)) {
  std::int64_t size = 0;
  for (const at::Tensor& matrix : matrices_) size += matrix.size(0);
  row_.reserve(static_cast<std::size_t>(size));
  for (const at::Tensor& matrix : matrices_) {
    const float* row = matrix.const_data_ptr<float>();
    for (std::int64_t i = 0; i < matrix.size(0); ++i, row += matrix.size(1)) row_.push_back(row);
  }
}

RowList RowList::some(std::span<const std::int64_t> index) const {
  RowList chosen({});
  chosen.matrices_ = matrices_;
  chosen.row_.reserve(index.size());
  for (const std::int64_t i : index) chosen.row_.push_back((*this)[i]);
  return chosen;
}

}  // namespace zoetrope::analysis
