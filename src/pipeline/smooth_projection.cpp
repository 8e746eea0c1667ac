// SPDX-License-Identifier: Apache-2.0
#include "smooth_projection.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include <ATen/ops/empty.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/support/error.hpp"

#include "run_analysis.hpp"

namespace zoetrope::pipeline {

namespace {

using Maker = std::function<Eigen::MatrixXd(std::size_t)>;
using User = std::function<void(const Eigen::MatrixXd&)>;

at::Tensor doubles(std::int64_t count, std::int64_t width) {
  return at::empty({count, width}, at::TensorOptions().dtype(at::kDouble));
}

// Gives `use` on rank 0 a square matrix of each frame, in their order; ranks `make` them in turn.
void gather_in_order(Session& session, std::size_t num_frames, Eigen::Index size, const Maker& make,
                     const User& use) {
  comm::Communicator& communicator = session.communicator();
  const auto ranks = static_cast<std::size_t>(communicator.size());
  for (std::size_t first = 0; first < num_frames; first += ranks) {
    const std::size_t mine = first + static_cast<std::size_t>(communicator.rank());
    at::Tensor piece = doubles(mine < num_frames ? 1 : 0, size * size);
    comm::do_unless_asked(communicator, kFramesAreKept, [&] {
      if (mine >= num_frames) return;
      const Eigen::MatrixXd made = make(mine);
      std::copy_n(made.data(), made.size(), piece.mutable_data_ptr<double>());
    });
    const at::Tensor all = communicator.gather(piece, 0);
    comm::do_unless_asked(communicator, kFramesAreKept, [&] {
      if (!session.is_root()) return;
      for (std::int64_t i = 0; i < all.size(0); ++i)
        use(Eigen::Map<const Eigen::MatrixXd>(all.const_data_ptr<double>() + i * size * size, size, size));
    });
  }
}

// What `make` gives rank 0, on all ranks.
Eigen::MatrixXd made_by_root(Session& session, Eigen::Index rows, Eigen::Index columns,
                             const std::function<Eigen::MatrixXd()>& make) {
  at::Tensor values = doubles(columns, rows);
  comm::do_unless_asked(session.communicator(), kFramesAreKept, [&] {
    if (!session.is_root()) return;
    const Eigen::MatrixXd made = make();
    std::copy_n(made.data(), made.size(), values.mutable_data_ptr<double>());
  });
  session.communicator().broadcast(values, 0);
  return Eigen::Map<const Eigen::MatrixXd>(values.const_data_ptr<double>(), rows, columns);
}

Eigen::MatrixXd joint_axes(Session& session, std::size_t num_frames, Eigen::Index num_columns,
                           const Maker& products_of) {
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(num_columns, num_columns);
  gather_in_order(session, num_frames, num_columns, products_of,
                  [&](const Eigen::MatrixXd& one) { sum += one; });
  return made_by_root(session, num_columns, std::min(num_columns, analysis::kMostAxes),
                      [&] { return analysis::leading_axes(sum, analysis::kMostAxes); });
}

// [D, 2 T], plane beside plane.
Eigen::MatrixXd planes_along(Session& session, const Eigen::MatrixXd& axes, std::size_t num_frames,
                             const Maker& products_of) {
  std::vector<Eigen::MatrixXd> products;
  gather_in_order(
      session, num_frames, axes.cols(),
      [&](std::size_t frame) { return analysis::along_axes(products_of(frame), axes); },
      [&](const Eigen::MatrixXd& one) { products.push_back(one); });
  const auto width = 2 * static_cast<Eigen::Index>(num_frames);
  return made_by_root(session, axes.rows(), width, [&] {
    Eigen::MatrixXd columns(axes.rows(), width);
    Eigen::Index next = 0;
    for (const analysis::Plane& plane :
         analysis::smooth_planes(axes, products, session.options().analysis.smoothness)) {
      columns.middleCols<2>(next) = plane;
      next += 2;
    }
    return columns;
  });
}

}  // namespace

std::vector<analysis::Plane> smooth_projection(Session& session, std::size_t num_frames,
                                               Eigen::Index num_columns, const ScatterOfFrame& scatter_of) {
  session.set_stage("looking for planes that follow one another");
  const Maker products_of = [&](std::size_t frame) {
    const analysis::Scatter scatter = scatter_of(frame);
    if (scatter.mean.size() != num_columns)
      throw InputError("embeddings: " + std::to_string(scatter.mean.size()) +
                       " columns, but the first checkpoint has " + std::to_string(num_columns) +
                       "; --projection smooth takes checkpoints of one width");
    return analysis::normalised_products(scatter);
  };
  const Eigen::MatrixXd axes = joint_axes(session, num_frames, num_columns, products_of);
  const Eigen::MatrixXd columns = planes_along(session, axes, num_frames, products_of);
  std::vector<analysis::Plane> planes;
  for (Eigen::Index c = 0; c < columns.cols(); c += 2) planes.emplace_back(columns.middleCols<2>(c));
  return planes;
}

}  // namespace zoetrope::pipeline
