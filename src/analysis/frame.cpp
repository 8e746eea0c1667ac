// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/frame.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <ATen/ATen.h>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/support/trace.hpp"

#include "aside.hpp"
#include "classify.hpp"
#include "issues.hpp"
#include "shared_work.hpp"

namespace zoetrope::analysis {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The first k of each row's.
Neighbours nearest_of(const Neighbours& more, std::int64_t k) {
  if (more.k <= k) return more;
  Neighbours some{k, {}, {}};
  for (std::size_t first = 0; first < more.index.size(); first += static_cast<std::size_t>(more.k)) {
    const auto at = static_cast<std::ptrdiff_t>(first);
    some.index.insert(some.index.end(), more.index.begin() + at, more.index.begin() + at + k);
    some.distance.insert(some.distance.end(), more.distance.begin() + at, more.distance.begin() + at + k);
  }
  return some;
}

std::span<const float> floats_of(const at::Tensor& values) {
  return {values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())};
}

Scatter scatter_of(const at::Tensor& rows, const FrameOptions& options) {
  if (options.scatter) return *options.scatter;
  return options.known ? options.known->scatter : Scatter::of(rows, options.device);
}

Pca plane_of(const Scatter& scatter, const FrameOptions& options) {
  const Scatter& fitted = options.fitted ? *options.fitted : scatter;
  if (options.plane) return Pca::onto(*options.plane, fitted);
  return options.shared ? *options.shared : Pca::fit(fitted);
}

struct Shown {
  Scatter scatter;
  Pca plane;
  Points points;
};

Shown show(const at::Tensor& rows, const FrameOptions& options, FrameAnalysis& result) {
  const trace::Span span("PCA", "images", rows.size(0));
  const support::Stopwatch watch;
  Shown shown{scatter_of(rows, options), {}, {}};
  shown.plane = plane_of(shown.scatter, options);
  shown.points = shown.plane.transform(rows);
  result.points.assign(shown.points.data(), shown.points.data() + shown.points.size());
  result.explained_variance_ratio[0] = shown.plane.explained_variance_ratio[0];
  result.explained_variance_ratio[1] = shown.plane.explained_variance_ratio[1];
  result.pca_seconds = watch.seconds();
  result.effective_rank = options.known ? options.known->effective_rank : effective_rank(shown.scatter);
  return shown;
}

// An index finds others where it is asked for more: whoever asks for a checkpoint's neighbours asks for as
// many.
std::int64_t num_searched(const FrameOptions& options, std::int64_t num_asked) {
  if (options.search == SearchMethod::kExact) return num_asked;
  return std::max(options.num_neighbours, options.quality_neighbours);
}

SearchContext context_of(const FrameOptions& options, IndexedSearch* index = nullptr) {
  return {.device = options.device, .team = options.team, .block_rows = options.block_rows, .index = index};
}

Neighbours search(const at::Tensor& rows, std::int64_t k, const FrameOptions& options, RankQuery* query,
                  double& recall) {
  IndexedSearch index{options.search, options.num_neighbours};
  Neighbours found = nearest_neighbours(rows, num_searched(options, k), metric_for(rows.size(1)),
                                        context_of(options, &index), query);
  recall = index.recall;
  return found;
}

// search(), where that is not done already.
Neighbours found_neighbours(const at::Tensor& rows, std::int64_t k, const FrameOptions& options,
                            RankQuery* query, double& recall) {
  if (!options.known) return search(rows, k, options, query, recall);
  if (query != nullptr) answer(rows, metric_for(rows.size(1)), *query, context_of(options));
  recall = options.known->neighbour_recall;
  return options.known->neighbours;
}

// The neighbours of outlier scores. Those of the picture's quality are found, and asked about, by the way.
Neighbours score_outliers(const FrameInput& input, const FrameOptions& options, const Points& points,
                          FrameAnalysis& result) {
  const trace::Span span("neighbours", "images", input.rows.size(0));
  const support::Stopwatch watch;
  PictureNeighbours in_picture = neighbours_in_picture(points, options.quality_neighbours, options.team);
  const Neighbours found =
      found_neighbours(input.rows, std::max(options.num_neighbours, in_picture.k), options,
                       in_picture.k > 0 ? &in_picture.query : nullptr, result.neighbour_recall);
  const Neighbours neighbours = nearest_of(found, options.num_neighbours);
  result.score = outlier_scores(neighbours, metric_for(input.rows.size(1)));
  result.mean_distance = mean_distances(neighbours);
  result.neighbour = neighbours.index;
  result.duplicate_set = duplicate_sets(neighbours);
  result.outlier_seconds = watch.seconds();
  result.knn_accuracy = knn_accuracy(neighbours, input.label);
  result.quality = picture_quality(points, in_picture, found, input.label, options.team);
  return neighbours;
}

// Without quality nobody asks for more than linear CKA.
Similarity similarity_of(const EarlierFrame& before, const EarlierFrame& now, const FrameOptions& options) {
  SimilarityInParts alike(before.rows, before.scatter, now.rows, now.scatter, options.device);
  return {alike.linear_cka(), options.quality_neighbours > 0 ? alike.shape_disparity() : kUnknown};
}

// `known`: the linear CKA, where it is.
Likeness likeness(const ComparedFrame& end, const ComparedFrame& now, const FrameOptions& options,
                  std::optional<double> known = {}) {
  const trace::Span span("comparing with the ends");
  const double preservation = neighbour_preservation(end.neighbours, now.neighbours);
  if (known) return {preservation, *known};
  return {preservation, quick_linear_cka(end.rows, end.scatter, now.rows, now.scatter, options.device)};
}

// Singular values are found by one thread: beside them the others compare with the ends.
void compare(const std::optional<ComparedFrame>& before, const Ends& ends, const ComparedFrame& now,
             const FrameOptions& options, FrameAnalysis& result) {
  std::optional<SimilarityInParts> alike;
  std::optional<Aside> shape;
  if (before) {
    const trace::Span span("comparing with the frame before");
    result.neighbour_preservation = neighbour_preservation(before->neighbours, now.neighbours);
    if (!options.known) alike.emplace(before->rows, before->scatter, now.rows, now.scatter, options.device);
    result.linear_cka = alike ? alike->linear_cka() : options.known->to_before.linear_cka;
  }
  const bool is_judged = before && options.quality_neighbours > 0;
  const auto compare_shapes = [&] { result.shape_disparity = alike->shape_disparity(); };
  if (is_judged && !alike) result.shape_disparity = options.known->to_before.shape_disparity;
  if (is_judged && alike && options.device) compare_shapes();
  if (is_judged && alike && !options.device) shape.emplace(compare_shapes);
  result.to_first =
      likeness(ends.first == nullptr ? now : *ends.first, now, options,
               options.known ? std::optional(options.known->linear_cka_to_first) : std::nullopt);
  if (shape) shape->look();
  result.to_last = likeness(ends.last == nullptr ? now : *ends.last, now, options);
  if (shape) shape->look();
  if (is_judged && before->rows.size(1) == now.rows.size(1))  // else they are at no distance
    result.displacement = displacement_between(before->rows, before->plane, now.rows, now.plane);
  if (shape) shape->wait();
}

void read_classifier(const FrameInput& input, FrameAnalysis& result) {
  const trace::Span span("classifier");
  if (input.num_classes == 0) return;
  const Softmax probability(floats_of(input.logits), input.num_classes);
  result.classification = classify(probability, input.label);
  result.label_issue = label_issues(probability, input.label);
}

// On a plane, from the mean of the test images there.
std::vector<double> from_tests(const Pca& plane, const at::Tensor& training, const at::Tensor& tests) {
  const Points points = plane.transform(training);
  const Eigen::RowVector2d mean = plane.transform(tests).colwise().mean();
  const Points moved = points.rowwise() - mean;
  return {moved.data(), moved.data() + moved.size()};
}

AgainstTraining seen_by_training(const at::Tensor& tests, const at::Tensor& training,
                                 const FrameOptions& options) {
  IndexedSearch index{options.search, options.num_neighbours};
  return against_training(tests, training, options.num_neighbours, metric_for(training.size(1)),
                          context_of(options, &index));
}

void look_at_training(const FrameInput& input, const FrameOptions& options, const ComparedFrame& now,
                      const std::optional<ComparedFrame>& before, TrainingAnalysis& result) {
  const trace::Span span("training images", "images", input.training->rows.size(0));
  const at::Tensor& rows = input.training->rows;
  const Points points = now.plane.transform(rows);
  result.points.assign(points.data(), points.data() + points.size());
  if (input.num_classes > 0)
    result.classification =
        classify(Softmax(floats_of(input.training->logits), input.num_classes), input.training->label);
  result.against =
      options.known ? options.known->against.value() : seen_by_training(input.rows, rows, options);
  result.before_on_plane.assign(result.points.size(), kUnknown);
  result.on_plane_before.assign(result.points.size(), kUnknown);
  if (!before || before->rows.size(1) != rows.size(1) || options.quality_neighbours == 0) return;
  result.before_on_plane = from_tests(now.plane, before->training, before->rows);
  result.on_plane_before = from_tests(before->plane, rows, input.rows);
}

}  // namespace

FrameAnalysis analyze_frame(const FrameInput& input, const FrameOptions& options, const Ends& ends,
                            std::optional<ComparedFrame>& before) {
  FrameAnalysis result;
  Shown shown;
  work_together(options.team, [&] { shown = show(input.rows, options, result); });
  Neighbours neighbours = score_outliers(input, options, shown.points, result);
  work_together(options.team, [&] { read_classifier(input, result); });
  if (input.classifier) {
    const PlaneClassifier regions = on_plane(*input.classifier, shown.plane, shown.scatter.mean);
    result.plane_classifier.assign(regions.data(), regions.data() + regions.size());
  }
  ComparedFrame now{input.rows, std::move(shown.scatter), std::move(shown.plane), std::move(neighbours)};
  if (input.training) now.training = input.training->rows;
  result.neighbour_preservation = result.linear_cka = result.shape_disparity = kUnknown;
  const auto images = static_cast<std::size_t>(input.rows.size(0));
  result.displacement.distance.assign(images, kUnknown);
  result.displacement.before_on_plane.assign(2 * images, kUnknown);
  result.displacement.on_plane_before.assign(2 * images, kUnknown);
  result.displacement.cosines.setConstant(kUnknown);
  work_together(options.team, [&] { compare(before, ends, now, options, result); });
  if (input.training) look_at_training(input, options, now, before, result.training);
  before = std::move(now);
  return result;
}

ComparedFrame compared_frame(const at::Tensor& rows, const FrameOptions& options,
                             const at::Tensor& training) {
  Scatter scatter;
  Pca plane;
  work_together(options.team, [&] {
    scatter = scatter_of(rows, options);
    plane = plane_of(scatter, options);
  });
  double recall = 0;
  const Neighbours found = found_neighbours(rows, options.num_neighbours, options, nullptr, recall);
  return {rows, std::move(scatter), std::move(plane), nearest_of(found, options.num_neighbours), training};
}

KnownFrame know_frame(const at::Tensor& rows, const at::Tensor& training, const FrameOptions& options,
                      const EarlierFrame* first, const EarlierFrame* before) {
  EarlierFrame now{rows, scatter_of(rows, options)};
  KnownFrame known;
  known.effective_rank = effective_rank(now.scatter);
  known.neighbours = search(rows, std::max(options.num_neighbours, options.quality_neighbours), options,
                            nullptr, known.neighbour_recall);
  known.to_before = {kUnknown, kUnknown};
  if (before != nullptr) known.to_before = similarity_of(*before, now, options);
  const EarlierFrame& start = first == nullptr ? now : *first;
  known.linear_cka_to_first = quick_linear_cka(start.rows, start.scatter, rows, now.scatter, options.device);
  if (training.defined()) known.against = seen_by_training(rows, training, options);
  known.scatter = std::move(now.scatter);
  return known;
}

}  // namespace zoetrope::analysis
