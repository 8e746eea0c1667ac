// SPDX-License-Identifier: Apache-2.0
// Runs the analysis on raw arrays for tests/analysis/peer_test.py:
//   analysis_peer_driver FOLDER ROWS COLUMNS K
// reads before.f32 and after.f32 [ROWS, COLUMNS] and labels.i64 [ROWS] in FOLDER; writes what is found there.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

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

  const Points reference = Pca::fit(before).transform(before);
  const Points points = Pca::fit(after).transform(after);
  const Aligned aligned = procrustes(reference, points);
  write_points(folder / "pca_before.f64", reference);
  write_points(folder / "pca_after.f64", points);
  write_points(folder / "aligned.f64", aligned.points);

  const zoetrope::support::Json numbers = {
      {"disparity", aligned.disparity},
      {"knn_accuracy", knn_accuracy(neighbours, labels)},
      {"neighbour_preservation", neighbour_preservation(neighbours, later)},
      {"linear_cka", linear_cka(before, after)},
      {"class_separation", class_separation(reference, labels)},
      {"trustworthiness", trustworthiness(before, reference, k, metric)}};
  zoetrope::support::write_file(folder / "numbers.json", numbers.dump());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: analysis_peer_driver FOLDER ROWS COLUMNS K\n");
    return 2;
  }
  try {
    run(argv[1], std::stoll(argv[2]), std::stoll(argv[3]), std::stoll(argv[4]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
