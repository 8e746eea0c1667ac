// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "matrix_view.hpp"

namespace zoetrope::model {

// to [columns, width] = from^T of from [rows, columns], with zeros from `rows` up to `width`.
void transpose(std::int64_t rows, std::int64_t columns, MatrixView<const float> from, MatrixView<float> to,
               std::int64_t width);

// The same with nothing behind.
inline void transpose(std::int64_t rows, std::int64_t columns, MatrixView<const float> from,
                      MatrixView<float> to) {
  transpose(rows, columns, from, to, rows);
}

}  // namespace zoetrope::model
