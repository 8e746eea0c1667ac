// SPDX-License-Identifier: Apache-2.0
#include "ways.hpp"

#include <cmath>

#include "zoetrope/analysis/motion.hpp"
#include "zoetrope/analysis/passage.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::pipeline {

namespace {

using analysis::Points;
using Columns = Eigen::Matrix<float, Eigen::Dynamic, 8, Eigen::RowMajor>;

template <typename T>
Points points_of(const std::vector<T>& all, std::size_t t, std::size_t images) {
  using Rows = Eigen::Matrix<T, Eigen::Dynamic, 2, Eigen::RowMajor>;
  return Eigen::Map<const Rows>(all.data() + 2 * t * images, static_cast<Eigen::Index>(images), 2)
      .template cast<double>();
}

// The frame's own picture: how it is projected, and how that is shown.
struct Shown {
  Points projected;  // centred
  Eigen::Matrix2d map;
  Eigen::RowVector2d centre;  // of what is shown
};

Shown shown(const store::Analysis& analysis, std::size_t t) {
  const std::size_t images = analysis.num_images();
  const Points projected = points_of(analysis.pca, t, images), shown = points_of(analysis.aligned, t, images);
  return {projected.rowwise() - projected.colwise().mean(), analysis::map_of_plane(projected, shown),
          shown.colwise().mean()};
}

render::Way::Mix mix(const analysis::Passage& passage, const Eigen::RowVector2d& from,
                     const Eigen::RowVector2d& to, double share) {
  const analysis::Passage::Weights weights = passage.at(share);
  render::Way::Mix result{};
  for (std::size_t row = 0; row < 2; ++row)
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const auto r = static_cast<Eigen::Index>(row), a = static_cast<Eigen::Index>(axis);
      result.factor[row][axis] = (1 - share) * weights.on_before(r, a);
      result.factor[2 + row][axis] = (1 - share) * weights.on_after(r, a);
      result.factor[4 + row][axis] = share * weights.on_before(r, a);
      result.factor[6 + row][axis] = share * weights.on_after(r, a);
      result.offset[axis] = (1 - share) * from[a] + share * to[a];
    }
  return result;
}

// A way whose columns `fill` writes, of so many points, knowing both frames.
template <typename Fill>
std::shared_ptr<const render::Way> make_way(const store::Analysis& analysis, std::size_t t, std::size_t count,
                                            const Fill& fill) {
  if (analysis.plane_cosines.empty() || analysis.before_on_plane.empty() || analysis.on_plane_before.empty())
    throw UsageError(
        "--tween-path projection takes an analysis with --quality-neighbours above 0: run zoetrope analyze "
        "with such");
  // Embeddings that were given need not have as many columns at every step: then there is no plane between.
  if (std::isnan(analysis.plane_cosines[4 * t])) return nullptr;
  const Shown before = shown(analysis, t - 1), after = shown(analysis, t);
  const auto way = std::make_shared<render::Way>();
  Columns columns(static_cast<Eigen::Index>(count), 8);
  fill(columns, before, after);
  way->columns.assign(columns.data(), columns.data() + columns.size());
  const Eigen::Matrix<double, 2, 2, Eigen::RowMajor> cosines(&analysis.plane_cosines[4 * t]);
  way->mix = [passage = analysis::Passage{cosines, before.map, after.map}, from = before.centre,
              to = after.centre](double share) { return mix(passage, from, to, share); };
  return way;
}

// From the mean of the test images, as their own are.
Points training_points(const store::Analysis& analysis, std::size_t t) {
  const Points tests = points_of(analysis.pca, t, analysis.num_images());
  return points_of(analysis.train_pca, t, analysis.num_training()).rowwise() - tests.colwise().mean();
}

}  // namespace

std::shared_ptr<const render::Way> way_to(const store::Analysis& analysis, std::size_t t) {
  const std::size_t images = analysis.num_images();
  return make_way(analysis, t, images, [&](Columns& columns, const Shown& before, const Shown& after) {
    columns << before.projected.cast<float>(), points_of(analysis.before_on_plane, t, images).cast<float>(),
        points_of(analysis.on_plane_before, t, images).cast<float>(), after.projected.cast<float>();
  });
}

std::shared_ptr<const render::Way> train_way_to(const store::Analysis& analysis, std::size_t t) {
  const std::size_t images = analysis.num_training();
  if (images == 0) return nullptr;
  return make_way(analysis, t, images, [&](Columns& columns, const Shown&, const Shown&) {
    columns << training_points(analysis, t - 1).cast<float>(),
        points_of(analysis.train_before_on_plane, t, images).cast<float>(),
        points_of(analysis.train_on_plane_before, t, images).cast<float>(),
        training_points(analysis, t).cast<float>();
  });
}

}  // namespace zoetrope::pipeline
