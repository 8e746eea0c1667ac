// SPDX-License-Identifier: Apache-2.0
#include "moments.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/compute/tasks.hpp"

#include "float_products.hpp"
#include "product_kernel.hpp"
#include "vector_math.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kRowsPerChunk = 1024;
constexpr std::int64_t kRowsPerPacking = 64;
constexpr std::int64_t kRowsOnDevice = std::int64_t{1} << 16;
constexpr std::int64_t kFloatBlock = 128;  // columns of a block of float32 products: one task

template <typename T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Blocks = std::vector<std::pair<std::int64_t, std::int64_t>>;

// The first row and column of every block of an [a, b] matrix, or only of those that touch its upper
// triangle.
Blocks blocks_of(std::int64_t a, std::int64_t b, std::int64_t size, bool upper_only) {
  Blocks blocks;
  for (std::int64_t i = 0; i < a; i += size) {
    for (std::int64_t j = upper_only ? i : 0; j < b; j += size) blocks.emplace_back(i, j);
  }
  return blocks;
}

// Columns of a chunk of rows in panels (product_kernel.hpp); the last may end in columns that mean nothing.
class Panels {
 public:
  explicit Panels(std::int64_t num_columns)
      : width_((num_columns + kPanelColumns - 1) / kPanelColumns * kPanelColumns),
        values_(static_cast<std::size_t>(width_ * kRowsPerChunk), 0.0) {}

  // rows [first, first + count) minus shift
  void fill(const at::Tensor& rows, std::int64_t first, std::int64_t count, const Eigen::VectorXd& shift) {
    count_ = count;
    const std::int64_t num_columns = rows.size(1);
    const float* from = rows.const_data_ptr<float>() + first * num_columns;
    compute::for_each_range(count, kRowsPerPacking, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = 0; c < num_columns; c += kPanelColumns)
        for (std::int64_t r = begin; r < end; ++r)
          widen(from + r * num_columns + c, shift.data() + c, std::min(kPanelColumns, num_columns - c),
                values_.data() + c * count_ + r * kPanelColumns);
    });
  }
  // The one that begins with column `first`.
  const double* panel(std::int64_t first) const { return values_.data() + first * count_; }
  std::int64_t count() const { return count_; }

 private:
  std::int64_t width_, count_ = 0;
  std::vector<double> values_;
};

void add_blocks(const Blocks& blocks, const Panels& a, const Panels& b, Eigen::MatrixXd& sum) {
  using PanelProducts = Eigen::Matrix<double, kPanelColumns, kPanelColumns>;
  compute::for_each_task(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t n) {
    const auto [i, j] = blocks[n];
    const std::int64_t height = std::min(kPanelColumns, sum.rows() - i);
    const std::int64_t width = std::min(kPanelColumns, sum.cols() - j);
    alignas(64) std::array<double, PanelProducts::SizeAtCompileTime> products{};
    add_panel_products(a.panel(i), b.panel(j), a.count(), products.data());
    sum.block(i, j, height, width) +=
        Eigen::Map<const PanelProducts>(products.data()).topLeftCorner(height, width);
  });
}

// unit * (rows [first, first + count) minus shift), float32, column beside column: [D, count]
at::Tensor centred_columns(const at::Tensor& rows, std::int64_t first, std::int64_t count,
                           const Eigen::VectorXd& shift, double unit) {
  const std::int64_t num_columns = rows.size(1);
  at::Tensor chunk = at::empty({count, num_columns}, at::kFloat);
  const float* from = rows.const_data_ptr<float>() + first * num_columns;
  float* to = chunk.mutable_data_ptr<float>();
  compute::for_each_range(count, kRowsPerPacking, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      centre(from + i * num_columns, 1.0, shift.data(), unit, num_columns, to + i * num_columns);
  });
  return chunk.t().contiguous();
}

void add_float_blocks(const Blocks& blocks, const at::Tensor& a, const at::Tensor& b, Eigen::MatrixXd& sum) {
  compute::for_each_task(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t n) {
    const auto [i, j] = blocks[n];
    const std::int64_t height = std::min(kFloatBlock, a.size(0) - i);
    const std::int64_t width = std::min(kFloatBlock, b.size(0) - j);
    const at::Tensor product = float_products(a.narrow(0, i, height), b.narrow(0, j, width));
    sum.block(i, j, height, width) +=
        Eigen::Map<const RowMajorMatrix<float>>(product.const_data_ptr<float>(), height, width)
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
  const Blocks blocks = blocks_of(a.size(1), b.size(1), kPanelColumns, false);
  Panels of_a(a.size(1)), of_b(b.size(1));
  for_each_chunk(a.size(0), [&](std::int64_t first, std::int64_t count) {
    of_a.fill(a, first, count, shift_a);
    of_b.fill(b, first, count, shift_b);
    add_blocks(blocks, of_a, of_b, sum);
  });
}

void add_float_products(const at::Tensor& a, const Eigen::VectorXd& shift_a, double unit_a,
                        const at::Tensor& b, const Eigen::VectorXd& shift_b, double unit_b,
                        Eigen::MatrixXd& sum) {
  const Blocks blocks = blocks_of(a.size(1), b.size(1), kFloatBlock, false);
  for_each_chunk(a.size(0), [&](std::int64_t first, std::int64_t count) {
    add_float_blocks(blocks, centred_columns(a, first, count, shift_a, unit_a),
                     centred_columns(b, first, count, shift_b, unit_b), sum);
  });
}

void add_upper_products(const at::Tensor& a, const Eigen::VectorXd& shift, Eigen::MatrixXd& sum,
                        TensorDevice device) {
  if (device) return add_products_on(*device, a, shift, a, shift, sum);
  const Blocks blocks = blocks_of(a.size(1), a.size(1), kPanelColumns, true);
  Panels panels(a.size(1));
  for_each_chunk(a.size(0), [&](std::int64_t first, std::int64_t count) {
    panels.fill(a, first, count, shift);
    add_blocks(blocks, panels, panels, sum);
  });
}

}  // namespace zoetrope::analysis
