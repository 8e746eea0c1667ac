// SPDX-License-Identifier: Apache-2.0
// Runs the analysis on raw arrays for tests/analysis/peer_test.py:
//   analysis_peer_driver FOLDER ROWS COLUMNS K
// reads before.f32 and after.f32 [ROWS, COLUMNS] and labels.i64 [ROWS] in FOLDER; writes what is found there.
//   analysis_peer_driver FOLDER ROWS CLASSES
// reads logits.f32 [ROWS, CLASSES] and labels.i64; writes label_issue.i64 and quality.f64 [5, ROWS].
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/analysis/alignment.hpp"
#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/motion.hpp"
#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/analysis/picture_quality.hpp"
#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

#include "../../src/analysis/issues.hpp"

namespace {

using namespace zoetrope::analysis;
using std::filesystem::path;

template <typename T>
void read_array(const path& file, T* to, std::int64_t count) {
  const std::string bytes = zoetrope::support::read_file(file);
  if (bytes.size() != count * sizeof(T))
    throw zoetrope::InputError(file.string() + ": not of the size given");
  std::memcpy(to, bytes.data(), bytes.size());
}

at::Tensor read_rows(const path& file, std::int64_t num_rows, std::int64_t num_columns) {
  at::Tensor rows = at::empty({num_rows, num_columns}, at::kFloat);
  read_array(file, rows.mutable_data_ptr<float>(), rows.numel());
  return rows;
}

template <typename T>
void write_array(const path& file, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  zoetrope::support::write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void write_points(const path& file, const Points& points) {
  write_array<double>(file, {points.data(), static_cast<std::size_t>(points.size())});
}

void run(const path& folder, std::int64_t num_rows, std::int64_t num_columns, std::int64_t k) {
  const at::Tensor before = read_rows(folder / "before.f32", num_rows, num_columns);
  const at::Tensor after = read_rows(folder / "after.f32", num_rows, num_columns);
  std::vector<std::int64_t> labels(num_rows);
  read_array(folder / "labels.i64", labels.data(), num_rows);
  const Metric metric = metric_for(num_columns);

  const Neighbours neighbours = nearest_neighbours(before, k, metric);
  const Neighbours later = nearest_neighbours(after, k, metric);
  write_array<double>(folder / "distance.f64", neighbours.distance);
  write_array<std::int64_t>(folder / "index.i64", neighbours.index);
  write_array<double>(folder / "score.f64", outlier_scores(neighbours, metric));

  const Points reference = Pca::fit(Scatter::of(before)).transform(before);
  const Points points = Pca::fit(Scatter::of(after)).transform(after);
  const Aligned aligned = procrustes(reference, points);
  write_points(folder / "pca_before.f64", reference);
  write_points(folder / "pca_after.f64", points);
  write_points(folder / "aligned.f64", aligned.points);

  PictureNeighbours in_picture = neighbours_in_picture(reference, k);
  const Neighbours asked = nearest_neighbours(before, k, metric, {}, &in_picture.query);
  const PictureQuality quality = picture_quality(reference, in_picture, asked, labels);
  write_array<double>(folder / "trust.f64", quality.trust);
  write_array<double>(folder / "continuity_of_each.f64", quality.continuity);

  SimilarityInParts alike(before, Scatter::of(before), after, Scatter::of(after));
  const AlignedFrames shown = align_frames({reference, points}, AlignTo::kPrevious);
  const Displacement displacement =
      displacement_between(before, Pca::fit(Scatter::of(before)), after, Pca::fit(Scatter::of(after)));
  const Motion motion = motion_of(displacement, map_of_plane(reference, shown.points[0]),
                                  map_of_plane(points, shown.points[1]));
  const Stability stable = stability(displacement.distance, shown.points[0], shown.points[1]);
  write_points(folder / "shown_before.f64", shown.points[0]);
  write_points(folder / "shown_after.f64", shown.points[1]);
  const zoetrope::support::Json numbers = {
      {"disparity", aligned.disparity},
      {"knn_accuracy", knn_accuracy(neighbours, labels)},
      {"neighbour_preservation", neighbour_preservation(neighbours, later)},
      {"linear_cka", alike.linear_cka()},
      {"quick_linear_cka", quick_linear_cka(before, Scatter::of(before), after, Scatter::of(after))},
      {"shape_disparity", alike.shape_disparity()},
      {"effective_rank", effective_rank(Scatter::of(before))},
      {"class_separation", class_separation(reference, labels)},
      {"trustworthiness", quality.mean_trust},
      {"continuity", quality.mean_continuity},
      {"neighbourhood_preservation_2d", quality.neighbours_shown},
      {"neighbourhood_hit", quality.same_label},
      {"camera_share", motion.camera_share},
      {"seen_share", motion.seen_share},
      {"stability_pearson", stable.pearson},
      {"stability_spearman", stable.spearman},
      {"stability_kendall", stable.kendall},
      {"stability_stress", stable.stress}};
  zoetrope::support::write_file(folder / "numbers.json", numbers.dump());
}

void find_label_issues(const path& folder, std::int64_t num_rows, std::int64_t num_classes) {
  const at::Tensor logits = read_rows(folder / "logits.f32", num_rows, num_classes);
  std::vector<std::int64_t> labels(num_rows);
  read_array(folder / "labels.i64", labels.data(), num_rows);
  const Softmax probability({logits.const_data_ptr<float>(), static_cast<std::size_t>(logits.numel())},
                            static_cast<std::size_t>(num_classes));
  write_array<std::int64_t>(folder / "label_issue.i64", label_issues(probability, labels));
  const Classification said = classify(probability, labels);
  std::vector<double> quality;
  for (const auto* scores : {&said.self_confidence, &said.normalized_margin,
                             &said.confidence_weighted_entropy, &said.hardness, &said.mistakenness})
    quality.insert(quality.end(), scores->begin(), scores->end());
  write_array<double>(folder / "quality.f64", quality);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: analysis_peer_driver FOLDER ROWS COLUMNS K | FOLDER ROWS CLASSES\n");
    return 2;
  }
  try {
    if (argc == 5) {
      run(argv[1], std::stoll(argv[2]), std::stoll(argv[3]), std::stoll(argv[4]));
    } else {
      find_label_issues(argv[1], std::stoll(argv[2]), std::stoll(argv[3]));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
