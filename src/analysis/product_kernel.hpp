// SPDX-License-Identifier: Apache-2.0
// Products of columns over many rows in float64. libtorch's MKL uses half of the width of a processor that is
// not Intel's for these, and oneDNN, which uses all (float_products.hpp), knows no float64.
#pragma once

#include <cstdint>

namespace zoetrope::analysis {

// Columns of a panel, in which rows lie one after the other: [rows, kPanelColumns].
constexpr std::int64_t kPanelColumns = 48;

// sum[j, i] += a[r, i] b[r, j] over all rows r, in their order; a and b are panels, sum is
// [kPanelColumns, kPanelColumns].
void add_panel_products(const double* a, const double* b, std::int64_t rows, double* sum);

}  // namespace zoetrope::analysis
