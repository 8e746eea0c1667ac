// SPDX-License-Identifier: Apache-2.0
#include "positions.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace zoetrope::model {

at::Tensor interpolate_positions(const VitConfig& config, const at::Tensor& stored, std::int64_t rows,
                                 std::int64_t columns) {
  at::Tensor positions = stored.dim() == 2 ? stored.unsqueeze(0) : stored;  // CLIP's
  const std::int64_t prefix = config.num_prefix_positions();
  const std::int64_t patches = positions.size(1) - prefix, hidden = positions.size(2);
  const auto grid = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  if (rows == grid && columns == grid) return positions;
  const at::Tensor image =
      positions.slice(1, prefix).reshape({1, grid, grid, hidden}).permute({0, 3, 1, 2});  // (1, H, G, G)
  const at::Tensor resized = config.family == Family::kDinov2WithRegisters
                                 ? at::_upsample_bicubic2d_aa(image, {rows, columns}, /*align_corners=*/false)
                                 : at::upsample_bicubic2d(image, {rows, columns}, /*align_corners=*/false);
  return at::cat(
      {positions.slice(1, 0, prefix), resized.permute({0, 2, 3, 1}).reshape({1, rows * columns, hidden})}, 1);
}

}  // namespace zoetrope::model
