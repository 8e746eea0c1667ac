// SPDX-License-Identifier: Apache-2.0
// Seconds to analyse one checkpoint's embeddings: outlier scores, PCA and the companion curves.
//   analysis_bench [--rows 10000] [--columns 128] [--neighbours 10] [--sets 10] [--threads N]
//     [--no-trustworthiness] [--json FILE]
// Every set is other data; the fastest is reported, wall clock and CPU time. Neighbours are checked against a
// float64 search of some rows. bench/peers/analysis.py does the same on the same numbers with cleanlab
// and scikit-learn; both print sums to compare.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <boost/program_options.hpp>
#include <sys/resource.h>

#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/analysis/picture_quality.hpp"
#include "zoetrope/analysis/projection.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

namespace {

using namespace zoetrope::analysis;
using zoetrope::support::Json;

constexpr std::int64_t kClasses = 10;

struct Options {
  std::int64_t rows = 10000;
  std::int64_t columns = 128;
  std::int64_t neighbours = 10;
  std::int64_t sets = 10;
  int threads = 0;
  bool trustworthiness = true;
  std::string json;
};

// Uniform in [-1, 1), from the counter alone (splitmix64), so that the peer makes the same numbers.
float noise(std::uint64_t counter) {
  std::uint64_t z = counter + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  return static_cast<float>(z >> 40) / static_cast<float>(1 << 23) - 1.0F;
}

// Ten classes: a centre each, and noise around it.
at::Tensor make_rows(const Options& options, std::int64_t set) {
  at::Tensor rows = at::empty({options.rows, options.columns}, at::kFloat);
  float* data = rows.mutable_data_ptr<float>();
  const std::uint64_t seed = static_cast<std::uint64_t>(set + 1) << 40;
  for (std::int64_t at = 0; at < rows.numel(); ++at) {
    const std::int64_t label = at / options.columns % kClasses;
    const auto centre = static_cast<std::uint64_t>(label * options.columns + at % options.columns);
    data[at] = noise(centre) + noise(seed + static_cast<std::uint64_t>(at));
  }
  return rows;
}

struct Stopwatch {
  double wall_s = 1e9;
  double cpu_s = 1e9;

  template <typename Work>
  auto time(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = cpu_now();
    auto result = work();
    wall_s =
        std::min(wall_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    cpu_s = std::min(cpu_s, cpu_now() - cpu_start);
    return result;
  }
  static double cpu_now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
};

std::int64_t peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

// The k smallest cosine distances of row i among float64 rows of length 1.
std::vector<double> exact_distances(const at::Tensor& unit, std::int64_t i, std::int64_t k) {
  at::Tensor distance = 1 - at::mv(unit, unit[i]);
  distance[i] = 4;
  const at::Tensor nearest = std::get<0>(distance.topk(k, 0, false));
  return {nearest.const_data_ptr<double>(), nearest.const_data_ptr<double>() + k};
}

void check(const at::Tensor& rows, const Neighbours& found) {
  at::Tensor unit = rows.to(at::kDouble);
  unit /= unit.norm(2, {1}, true);
  for (std::int64_t i = 0; i < rows.size(0); i += std::max<std::int64_t>(97, rows.size(0) / 10)) {
    const std::vector<double> exact = exact_distances(unit, i, found.k);
    for (std::int64_t n = 0; n < found.k; ++n) {
      if (std::abs(found.distance[i * found.k + n] - exact[n]) > 1e-9)
        throw std::runtime_error("row " + std::to_string(i) + " has a wrong neighbour");
    }
  }
}

// sklearn.manifold.trustworthiness and more: see picture_quality.hpp.
double judge(const at::Tensor& rows, const Points& points, const std::vector<std::int64_t>& labels) {
  constexpr std::int64_t kNeighbours = 10;
  PictureNeighbours in_picture = neighbours_in_picture(points, kNeighbours);
  const Neighbours found =
      nearest_neighbours(rows, kNeighbours, Metric::kCosine, std::nullopt, &in_picture.query);
  return picture_quality(points, in_picture, found, labels).mean_trust;
}

// All of a frame, after the one before it. `end`: the first frame and the last.
FrameAnalysis analyze(const at::Tensor& rows, const std::vector<std::int64_t>& labels,
                      std::int64_t quality_neighbours, const ComparedFrame& end,
                      std::optional<ComparedFrame>& before) {
  const FrameInput input{rows, {}, 0, labels};
  return analyze_frame(input, {.quality_neighbours = quality_neighbours}, {end, end}, before);
}

Json measure(const Options& options) {
  Stopwatch scoring, projecting, aligning, similarity, trust, frame, frame_unjudged;
  std::optional<ComparedFrame> end, earlier, earlier_unjudged;
  std::vector<std::int64_t> labels(options.rows);
  for (std::int64_t i = 0; i < options.rows; ++i) labels[i] = i % kClasses;
  Json sums = Json::array();
  std::int64_t peak_mib = 0;
  Points reference;
  at::Tensor before;
  for (std::int64_t set = 0; set < options.sets; ++set) {
    const at::Tensor rows = make_rows(options, set);
    Neighbours found;
    const std::vector<double> scores = scoring.time([&] {
      found = nearest_neighbours(rows, options.neighbours, Metric::kCosine);
      return outlier_scores(found, Metric::kCosine);
    });
    if (set == 0) peak_mib = peak_memory_mib();
    if (set == 0) check(rows, found);
    const Points points = projecting.time([&] { return Pca::fit(rows).transform(rows); });
    if (set == 0) reference = points, before = rows;
    const Aligned aligned = aligning.time([&] { return procrustes(reference, points); });
    const double cka = similarity.time([&] { return linear_cka(before, rows); });
    Json trusted;
    if (options.trustworthiness) trusted = trust.time([&] { return judge(rows, points, labels); });
    if (!end) end = compared_frame(rows, {});
    frame.time([&] { return analyze(rows, labels, 15, *end, earlier); });
    frame_unjudged.time([&] { return analyze(rows, labels, 0, *end, earlier_unjudged); });
    sums.push_back({{"scores", std::accumulate(scores.begin(), scores.end(), 0.0)},
                    {"points", points.cwiseAbs().sum()},
                    {"disparity", aligned.disparity},
                    {"knn_accuracy", knn_accuracy(found, labels)},
                    {"linear_cka", cka},
                    {"trustworthiness", trusted}});
  }
  const auto times = [](const Stopwatch& watch) {
    return Json{{"wall_s", watch.wall_s}, {"cpu_s", watch.cpu_s}};
  };
  Json result = {{"peak_mib", peak_mib},
                 {"outlier_scores", times(scoring)},
                 {"pca", times(projecting)},
                 {"procrustes", times(aligning)},
                 {"linear_cka", times(similarity)},
                 {"frame", times(frame)},
                 {"frame_unjudged", times(frame_unjudged)},
                 {"sums", sums}};
  if (options.trustworthiness) result["trustworthiness"] = times(trust);
  return result;
}

Options parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  po::options_description description("analysis_bench");
  description.add_options()("help", "this text")("smoke", "a short run that only shows that it works")(
      "rows", po::value(&options.rows), "embeddings in a set")(
      "columns", po::value(&options.columns), "their width")("neighbours", po::value(&options.neighbours),
                                                             "k")(
      "sets", po::value(&options.sets), "sets of embeddings")("threads", po::value(&options.threads),
                                                              "0: as many as cores")(
      "no-trustworthiness", "leave it out: it takes as long as all else together")(
      "json", po::value(&options.json), "also write FILE");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, description), given);
  po::notify(given);
  if (given.contains("help")) {
    std::cout << description;
    std::exit(0);
  }
  options.trustworthiness = !given.contains("no-trustworthiness");
  if (given.contains("smoke")) {
    options.rows = 700;
    options.columns = 20;
    options.sets = 2;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    if (options.threads > 0) at::set_num_threads(options.threads);
    Json result = measure(options);
    result["rows"] = options.rows;
    result["columns"] = options.columns;
    result["threads"] = at::get_num_threads();
    std::printf("%lld x %lld, %d threads, %lld MiB at most while scoring the first set\n",
                static_cast<long long>(options.rows), static_cast<long long>(options.columns),
                at::get_num_threads(), result["peak_mib"].get<long long>());
    for (const auto& [what, times] : result.items()) {
      if (!times.is_object()) continue;
      std::printf("%-16s %8.4f s, %8.4f s of CPU time\n", what.c_str(), times["wall_s"].get<double>(),
                  times["cpu_s"].get<double>());
    }
    std::printf("first set: %s\n", result["sums"][0].dump().c_str());
    if (!options.json.empty()) zoetrope::support::write_file(options.json, result.dump(2) + "\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "analysis_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
