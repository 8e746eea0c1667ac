// SPDX-License-Identifier: Apache-2.0
#include "moments.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/compute/tasks.hpp"

#include "vector_math.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kRowsPerChunk = 1024;
constexpr std::int64_t kWidenedPerTask = 64;
constexpr std::int64_t kRowsOnDevice = std::int64_t{1} << 16;
constexpr std::int64_t kPanel = 128;  // columns of a block of the result: one task

template <typename T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Blocks = std::vector<std::pair<std::int64_t, std::int64_t>>;

// The first row and column of every block of an [a, b] matrix, or only of those that touch its upper
// triangle.
Blocks blocks_of(std::int64_t a, std::int64_t b, bool upper_only) {
  Blocks blocks;
  for (std::int64_t i = 0; i < a; i += kPanel) {
    for (std::int64_t j = upper_only ? i : 0; j < b; j += kPanel) blocks.emplace_back(i, j);
  }
  return blocks;
}

// Of rows [first, first + count) what `write` makes of each, [count, D].
template <typename T, typename Write>
at::Tensor chunk_of(const at::Tensor& rows, std::int64_t first, std::int64_t count, const Write& write) {
  const std::int64_t num_columns = rows.size(1);
  at::Tensor chunk = at::empty({count, num_columns}, c10::CppTypeToScalarType<T>::value);
  const float* from = rows.const_data_ptr<float>() + first * num_columns;
  T* to = chunk.mutable_data_ptr<T>();
  compute::for_each_range(count, kWidenedPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      write(from + i * num_columns, num_columns, to + i * num_columns);
  });
  return chunk;
}

// rows [first, first + count) minus shift, float64 [count, D]
at::Tensor widened(const at::Tensor& rows, std::int64_t first, std::int64_t count,
                   const Eigen::VectorXd& shift) {
  return chunk_of<double>(rows, first, count, [&](const float* row, std::int64_t size, double* to) {
    widen(row, shift.data(), size, to);
  });
}

// unit * (rows [first, first + count) minus shift), float32 [count, D]
at::Tensor centred(const at::Tensor& rows, std::int64_t first, std::int64_t count,
                   const Eigen::VectorXd& shift, double unit) {
  return chunk_of<float>(rows, first, count, [&](const float* row, std::int64_t size, float* to) {
    centre(row, 1.0, shift.data(), unit, size, to);
  });
}

template <typename T>
void add_blocks(const Blocks& blocks, const at::Tensor& a, const at::Tensor& b, Eigen::MatrixXd& sum) {
  compute::for_each_task(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t n) {
    const auto [i, j] = blocks[n];
    const std::int64_t height = std::min(kPanel, a.size(1) - i);
    const std::int64_t width = std::min(kPanel, b.size(1) - j);
    const at::Tensor product = at::mm(a.narrow(1, i, height).t(), b.narrow(1, j, width));
    sum.block(i, j, height, width) +=
        Eigen::Map<const RowMajorMatrix<T>>(product.const_data_ptr<T>(), height, width)
            .template cast<double>();
  });
}

at::Tensor on_device(const at::Tensor& rows, const Eigen::VectorXd& shift, at::Device device) {
  const at::Tensor by = at::from_blob(const_cast<double*>(shift.data()), {shift.size()}, at::kDouble);
  return rows.to(device).to(at::kDouble).sub_(by.to(device));
}

void add_products_on(at::Device device, const at::Tensor& a, const Eigen::VectorXd& shift_a,
                     const at::Tensor& b, const Eigen::VectorXd& shift_b, Eigen::MatrixXd& sum) {
  const at::Tensor total = at::zeros({a.size(1), b.size(1)}, at::TensorOptions(device).dtype(at::kDouble));
  for (std::int64_t first = 0; first < a.size(0); first += kRowsOnDevice) {
    const std::int64_t count = std::min(kRowsOnDevice, a.size(0) - first);
    const at::Tensor wide = on_device(a.narrow(0, first, count), shift_a, device);
    total.addmm_(wide.t(), b.is_same(a) ? wide : on_device(b.narrow(0, first, count), shift_b, device));
  }
  const at::Tensor here = total.cpu();
  sum += Eigen::Map<const RowMajorMatrix<double>>(here.const_data_ptr<double>(), sum.rows(), sum.cols());
}

// Gives `add` the first row and the number of rows of each chunk.
template <typename Add>
void for_each_chunk(std::int64_t num_rows, const Add& add) {
  for (std::int64_t first = 0; first < num_rows; first += kRowsPerChunk)
    add(first, std::min(kRowsPerChunk, num_rows - first));
}

}  // namespace

Eigen::VectorXd column_means(const at::Tensor& rows) {
  const std::int64_t num_rows = rows.size(0);
  const std::int64_t num_columns = rows.size(1);
  const float* data = rows.const_data_ptr<float>();
  const std::int64_t chunks = (num_rows + kRowsPerChunk - 1) / kRowsPerChunk;
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(num_columns, chunks);
  compute::for_each_range(num_rows, kRowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    double* sum = sums.col(begin / kRowsPerChunk).data();
    for (std::int64_t i = begin; i < end; ++i) accumulate(data + i * num_columns, 1.0, num_columns, sum);
  });
  return sums.rowwise().sum() / static_cast<double>(num_rows);
}

void add_products(const at::Tensor& a, const Eigen::VectorXd& shift_a, const at::Tensor& b,
                  const Eigen::VectorXd& shift_b, Eigen::MatrixXd& sum, TensorDevice device) {
  if (device) return add_products_on(*device, a, shift_a, b, shift_b, sum);
  const Blocks blocks = blocks_of(a.size(1), b.size(1), false);
  for_each_chunk(a.size(0), [&](std::int64_t first, std::int64_t count) {
    add_blocks<double>(blocks, widened(a, first, count, shift_a), widened(b, first, count, shift_b), sum);
  });
}

void add_float_products(const at::Tensor& a, const Eigen::VectorXd& shift_a, double unit_a,
                        const at::Tensor& b, const Eigen::VectorXd& shift_b, double unit_b,
                        Eigen::MatrixXd& sum) {
  const Blocks blocks = blocks_of(a.size(1), b.size(1), false);
  for_each_chunk(a.size(0), [&](std::int64_t first, std::int64_t count) {
    add_blocks<float>(blocks, centred(a, first, count, shift_a, unit_a),
                      centred(b, first, count, shift_b, unit_b), sum);
  });
}

void add_upper_products(const at::Tensor& a, const Eigen::VectorXd& shift, Eigen::MatrixXd& sum,
                        TensorDevice device) {
  if (device) return add_products_on(*device, a, shift, a, shift, sum);
  const Blocks blocks = blocks_of(a.size(1), a.size(1), true);
  for_each_chunk(a.size(0), [&](std::int64_t first, std::int64_t count) {
    const at::Tensor wide = widened(a, first, count, shift);
    add_blocks<double>(blocks, wide, wide, sum);
  });
}

}  // namespace zoetrope::analysis
