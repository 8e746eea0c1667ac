// SPDX-License-Identifier: Apache-2.0
// Means and products of columns over many rows, in float64. The same bits whatever the number of threads.
#pragma once

#include <ATen/core/Tensor.h>
#include <Eigen/Core>

#include "zoetrope/analysis/tensor_device.hpp"

namespace zoetrope::analysis {

// Rows are float32 [N, D], contiguous and finite (checked_rows).
Eigen::VectorXd column_means(const at::Tensor& rows);

// Adds (a - shift_a)^T (b - shift_b), [D_a, D_b], to `sum`.
void add_products(const at::Tensor& a, const Eigen::VectorXd& shift_a, const at::Tensor& b,
                  const Eigen::VectorXd& shift_b, Eigen::MatrixXd& sum, TensorDevice device = std::nullopt);

// The same, to about six digits and in half of the time: products of float32, of which each 1,024 rows are
// added up in float64. `unit_a` times the values of a, and so with b, must be neither huge nor tiny; `sum` is
// then unit_a * unit_b times what it would be.
void add_float_products(const at::Tensor& a, const Eigen::VectorXd& shift_a, double unit_a,
                        const at::Tensor& b, const Eigen::VectorXd& shift_b, double unit_b,
                        Eigen::MatrixXd& sum);

// Adds (a - shift)^T (a - shift) to `sum`, of which only the upper triangle is then meaningful.
void add_upper_products(const at::Tensor& a, const Eigen::VectorXd& shift, Eigen::MatrixXd& sum,
                        TensorDevice device = std::nullopt);

}  // namespace zoetrope::analysis
