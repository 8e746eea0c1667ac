// SPDX-License-Identifier: Apache-2.0
#include "issues.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Core>

#include "zoetrope/support/mapped_memory.hpp"

#include "order.hpp"

namespace zoetrope::analysis {

namespace {

// cleanlab/internal/constants.py, FLOATING_POINT_COMPARISON.
constexpr double kSlack = 1e-6;

using Index = Eigen::Index;

using Members = std::vector<std::vector<std::size_t>>;  // the images of each class, ascending

// get_confident_thresholds: how sure the model is of a class's own images. Of a class without any nothing is.
std::vector<double> confident_thresholds(const Softmax& probability, const Members& members) {
  constexpr double kNeverReached = 2, kLeast = 2 * kSlack;
  std::vector<double> thresholds;
  for (std::size_t c = 0; c < members.size(); ++c) {
    double sum = 0;
    for (const std::size_t i : members[c]) sum += probability(i, c);
    thresholds.push_back(members[c].empty() ? kNeverReached
                                            : std::max(kLeast, sum / static_cast<double>(members[c].size())));
  }
  return thresholds;
}

// compute_confident_joint: [label, class that the model confidently sees]. An image that could be of several
// counts for the most probable class.
Eigen::MatrixXd confident_joint(const Softmax& probability, const Members& members) {
  const std::vector<double> thresholds = confident_thresholds(probability, members);
  const auto size = static_cast<Index>(members.size());
  Eigen::MatrixXd joint = Eigen::MatrixXd::Zero(size, size);
  for (std::size_t label = 0; label < members.size(); ++label)
    for (const std::size_t i : members[label]) {
      support::keep_mapped_limit();
      std::size_t num_confident = 0, first = 0, best = 0;
      double largest = -1;
      for (std::size_t c = 0; c < members.size(); ++c) {
        const double p = probability(i, c);
        if (p > largest) largest = p, best = c;
        if (p >= thresholds[c] - kSlack && num_confident++ == 0) first = c;
      }
      if (num_confident > 0)
        joint(static_cast<Index>(label), static_cast<Index>(num_confident > 1 ? best : first)) += 1;
    }
  joint.diagonal() = joint.diagonal().cwiseMax(1.0);
  return joint;
}

// numpy.sum, to the bit: a half that is rounded up or down may hang on it.
double numpy_sum(std::span<const double> values) {
  constexpr std::size_t kLanes = 8, kBlock = 128;
  const std::size_t count = values.size();
  if (count > kBlock) {
    const std::size_t half = count / 2 - count / 2 % kLanes;
    return numpy_sum(values.first(half)) + numpy_sum(values.subspan(half));
  }
  std::size_t next = 0;
  double sum = 0;
  if (count >= kLanes) {
    double lane[kLanes];
    for (; next < kLanes; ++next) lane[next] = values[next];
    for (; next + kLanes <= count; next += kLanes)
      for (std::size_t n = 0; n < kLanes; ++n) lane[n] += values[next + n];
    sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  }
  for (; next < count; ++next) sum += values[next];
  return sum;
}

// round_preserving_sum: to whole numbers whose sum is the rounded sum.
void round_row(Eigen::Ref<Eigen::VectorXd> row) {
  const Eigen::VectorXd exact = row;
  row = exact.unaryExpr([](double value) { return std::nearbyint(value); });
  const double wanted = std::nearbyint(numpy_sum({exact.data(), static_cast<std::size_t>(exact.size())}));
  while (std::abs(row.sum() - wanted) > kSlack) {
    const double lacking = std::nearbyint(wanted - row.sum());
    const auto changes = std::min<std::size_t>(static_cast<std::size_t>(std::abs(lacking)),
                                               static_cast<std::size_t>(row.size()));
    const Eigen::VectorXd lost = exact - row;
    std::vector<std::size_t> order = ascending_order({lost.data(), static_cast<std::size_t>(lost.size())});
    if (lacking > 0) std::reverse(order.begin(), order.end());
    for (std::size_t n = 0; n < changes; ++n) row[static_cast<Index>(order[n])] += lacking > 0 ? 1 : -1;
  }
}

// calibrate_confident_joint: of each label as many as there are.
Eigen::MatrixXd calibrated(Eigen::MatrixXd joint, const Members& members) {
  double total = 0;
  for (std::size_t label = 0; label < members.size(); ++label) {
    auto row = joint.row(static_cast<Index>(label));
    row = (row / row.sum() * static_cast<double>(members[label].size())).eval();
    total += static_cast<double>(members[label].size());
  }
  const double sum = numpy_sum({joint.data(), static_cast<std::size_t>(joint.size())});
  joint = (joint / std::max(sum, 1e-100) * total).eval();
  for (Index label = 0; label < joint.rows(); ++label) {
    Eigen::VectorXd row = joint.row(label).transpose();
    round_row(row);
    joint.row(label) = row.transpose();
  }
  return joint;
}

// _keep_at_least_n_per_class of one: of each label, [label, class], how many images to take for mislabelled.
Eigen::MatrixXd counts_to_prune(Eigen::MatrixXd joint) {
  for (Index label = 0; label < joint.rows(); ++label) {
    auto row = joint.row(label);
    const double kept = std::max(row[label], 1.0), added = kept - row[label];
    const auto others = std::max<double>(static_cast<double>((row.array() != 0).count()) - 1, 1);
    row = (row.array() - added / others).max(0.0).floor().matrix().eval();
    row[label] = kept;
  }
  return joint;
}

// _prune_by_count: of the images with a label, those that look most like another class.
void prune(const Softmax& probability, const Members& members, const Eigen::MatrixXd& counts,
           std::vector<std::int64_t>& issues) {
  for (std::size_t label = 0; label < members.size(); ++label) {
    const std::vector<std::size_t>& of_label = members[label];
    for (std::size_t c = 0; c < members.size() && of_label.size() > 1; ++c) {
      const auto count = static_cast<std::size_t>(counts(static_cast<Index>(label), static_cast<Index>(c)));
      if (c == label || count == 0) continue;
      std::vector<double> margins;
      for (const std::size_t i : of_label) {
        support::keep_mapped_limit();
        margins.push_back(probability(i, label) - probability(i, c));
      }
      const std::vector<std::size_t> order = ascending_order(margins);
      for (std::size_t n = 0; n < std::min(count, order.size()); ++n) issues[of_label[order[n]]] = 1;
    }
  }
}

// _reduce_issues: whether the model says the label, or all but says it.
bool is_agreed(const Softmax& probability, std::size_t i, std::size_t label) {
  const double own = probability(i, label) + kSlack;
  for (std::size_t c = 0; c < probability.num_classes(); ++c)
    if (c != label && (probability(i, c) > own || (c < label && probability(i, c) == own))) return false;
  return true;
}

std::size_t root_of(std::vector<std::size_t>& parent, std::size_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

std::vector<std::int64_t> label_issues(const Softmax& probability, std::span<const std::int64_t> labels) {
  const std::size_t num_classes = probability.num_classes();
  std::vector<std::int64_t> issues(labels.size(), 0);
  Members members(num_classes);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0 && static_cast<std::size_t>(labels[i]) < num_classes)
      members[static_cast<std::size_t>(labels[i])].push_back(i);
  prune(probability, members, counts_to_prune(calibrated(confident_joint(probability, members), members)),
        issues);
  for (std::size_t label = 0; label < members.size(); ++label)
    for (const std::size_t i : members[label])
      if (issues[i] != 0 && is_agreed(probability, i, label)) issues[i] = 0;
  return issues;
}

double duplicate_radius(const Neighbours& neighbours) {
  constexpr double kShare = 0.13, kLeastMedian = 1e-6;
  const auto k = static_cast<std::size_t>(neighbours.k);
  std::vector<double> nearest(neighbours.index.size() / k);
  for (std::size_t i = 0; i < nearest.size(); ++i) nearest[i] = neighbours.distance[i * k];
  return kShare * std::max(median(nearest), kLeastMedian);
}

std::vector<std::int64_t> duplicate_sets(const Neighbours& neighbours) {
  const auto k = static_cast<std::size_t>(neighbours.k);
  if (k == 0) return {};
  const std::size_t count = neighbours.index.size() / k;
  const double radius = duplicate_radius(neighbours);

  std::vector<std::size_t> parent(count);  // of each tree the root is the smallest
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  std::vector<std::int64_t> sets(count, -1);
  for (std::size_t n = 0; n < count * k; ++n) {
    if (!(neighbours.distance[n] < radius)) continue;
    const auto other = static_cast<std::size_t>(neighbours.index[n]);
    const auto [small, large] = std::minmax({root_of(parent, n / k), root_of(parent, other)});
    parent[large] = small;
    sets[n / k] = sets[other] = 0;
  }
  for (std::size_t i = 0; i < count; ++i)
    if (sets[i] == 0) sets[i] = static_cast<std::int64_t>(root_of(parent, i));
  return sets;
}

}  // namespace zoetrope::analysis
