// SPDX-License-Identifier: Apache-2.0
// Seconds to analyse one checkpoint's embeddings: outlier scores, PCA and the companion curves.
//   analysis_bench [--rows 10000] [--columns 128] [--neighbours 10] [--sets 10] [--threads N]
//     [--neighbour-search hnsw|ivf] [--no-trustworthiness] [--in-turns] [--fit] [--json FILE]
// Every set is other data; the fastest is reported, wall clock and CPU time. --fit has 10,000 to 100,000 rows
// in place of --rows, and says with which power of their number the time grows. --neighbour-search does the
// search by an index of FAISS, too, after the exact one of each set, and its recall. Neighbours are checked
// against a float64 search of some rows. bench/peers/analysis.py does the same on the same numbers with
// cleanlab and scikit-learn; both print sums to compare.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <optional>
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
#include "zoetrope/support/memory.hpp"

#include "made_rows.hpp"
#include "stopwatch.hpp"

namespace {

using namespace zoetrope::analysis;
using zoetrope::bench::kClasses;
using zoetrope::bench::make_rows;
using zoetrope::bench::Stopwatch;
using zoetrope::support::Json;

struct Options {
  std::int64_t rows = 10000;
  std::int64_t columns = 128;
  std::int64_t neighbours = 10;
  std::int64_t sets = 10;
  SearchMethod search = SearchMethod::kExact;
  int threads = 0;
  bool trustworthiness = true;
  bool in_turns = false;
  bool fits = false;
  std::string json;
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
  const Neighbours found = nearest_neighbours(rows, kNeighbours, Metric::kCosine, {}, &in_picture.query);
  return picture_quality(points, in_picture, found, labels).mean_trust;
}

// All of a frame, after the one before it. `end`: the first frame and the last.
FrameAnalysis analyze(const at::Tensor& rows, const std::vector<std::int64_t>& labels,
                      std::int64_t quality_neighbours, const ComparedFrame& end,
                      std::optional<ComparedFrame>& before) {
  const FrameInput input{rows, {}, 0, labels};
  return analyze_frame(input, {.quality_neighbours = quality_neighbours}, {&end, &end}, before);
}

struct Stopwatches {
  Stopwatch outlier_scores, indexed_search, pca, procrustes, linear_cka, trustworthiness, frame,
      frame_unjudged;

  Json times(double Stopwatch::*wall, double Stopwatch::*cpu) const {
    const auto of = [&](const Stopwatch& watch) {
      return Json{{"wall_s", watch.*wall}, {"cpu_s", watch.*cpu}};
    };
    return {{"outlier_scores", of(outlier_scores)},
            {"indexed_search", of(indexed_search)},
            {"pca", of(pca)},
            {"procrustes", of(procrustes)},
            {"linear_cka", of(linear_cka)},
            {"trustworthiness", of(trustworthiness)},
            {"frame", of(frame)},
            {"frame_unjudged", of(frame_unjudged)}};
  }
};

// The other side's turn: says what this one took, and waits for a line.
void take_turns(const Stopwatches& watches) {
  std::cout << watches.times(&Stopwatch::last_wall_s, &Stopwatch::last_cpu_s).dump() << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

class Measurement {
 public:
  explicit Measurement(const Options& options) : options_(options), labels_(options.rows) {
    for (std::int64_t i = 0; i < options.rows; ++i) labels_[i] = i % kClasses;
  }

  Json run() {
    for (std::int64_t set = 0; set < options_.sets; ++set) {
      if (options_.in_turns) take_turns(watches_);
      measure(make_rows(options_.rows, options_.columns, set), set == 0);
    }
    if (options_.in_turns) take_turns(watches_);
    Json result = watches_.times(&Stopwatch::wall_s, &Stopwatch::cpu_s);
    if (!options_.trustworthiness) result.erase("trustworthiness");
    if (options_.search == SearchMethod::kExact) result.erase("indexed_search");
    result["peak_mib"] = peak_mib_;
    result["sums"] = sums_;
    return result;
  }

 private:
  void measure(const at::Tensor& rows, bool is_first) {
    Neighbours found;
    const std::vector<double> scores = watches_.outlier_scores.time([&] {
      found = nearest_neighbours(rows, options_.neighbours, Metric::kCosine);
      return outlier_scores(found, Metric::kCosine);
    });
    if (is_first) peak_mib_ = peak_memory_mib();
    if (is_first) check(rows, found);
    IndexedSearch index{options_.search, options_.neighbours};
    if (options_.search != SearchMethod::kExact)
      watches_.indexed_search.time(
          [&] { return nearest_neighbours(rows, options_.neighbours, Metric::kCosine, {.index = &index}); });
    const Points points = watches_.pca.time([&] { return Pca::fit(Scatter::of(rows)).transform(rows); });
    if (is_first) reference_ = points, before_ = rows, scatter_before_ = Scatter::of(rows);
    const Aligned aligned = watches_.procrustes.time([&] { return procrustes(reference_, points); });
    const Scatter scatter = Scatter::of(rows);  // as PCA has made it
    const double cka =
        watches_.linear_cka.time([&] { return quick_linear_cka(before_, scatter_before_, rows, scatter); });
    Json trusted;
    if (options_.trustworthiness)
      trusted = watches_.trustworthiness.time([&] { return judge(rows, points, labels_); });
    measure_frame(rows);
    sums_.push_back({{"scores", std::accumulate(scores.begin(), scores.end(), 0.0)},
                     {"points", points.cwiseAbs().sum()},
                     {"disparity", aligned.disparity},
                     {"knn_accuracy", knn_accuracy(found, labels_)},
                     {"linear_cka", cka},
                     {"trustworthiness", trusted}});
    if (options_.search != SearchMethod::kExact) sums_.back()["recall"] = index.recall;
  }

  // The first is compared with none, and so not measured.
  void measure_frame(const at::Tensor& rows) {
    if (!end_) {
      earlier_ = earlier_unjudged_ = end_ = compared_frame(rows, {});
      return;
    }
    watches_.frame.time([&] { return analyze(rows, labels_, 15, *end_, earlier_); });
    watches_.frame_unjudged.time([&] { return analyze(rows, labels_, 0, *end_, earlier_unjudged_); });
  }

  const Options& options_;
  std::vector<std::int64_t> labels_;
  Stopwatches watches_;
  std::int64_t peak_mib_ = 0;
  Json sums_ = Json::array();
  Points reference_;
  at::Tensor before_;
  Scatter scatter_before_;
  std::optional<ComparedFrame> end_, earlier_, earlier_unjudged_;
};

// With which power of the number of rows CPU time grows: the slope of a line through their logarithms.
double power_of(const std::vector<double>& rows, const std::vector<double>& seconds) {
  double mean_x = 0, mean_y = 0, xy = 0, xx = 0;
  const auto count = static_cast<double>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    mean_x += std::log(rows[i]) / count, mean_y += std::log(seconds[i]) / count;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double x = std::log(rows[i]) - mean_x;
    xy += x * (std::log(seconds[i]) - mean_y), xx += x * x;
  }
  return xy / xx;
}

void fit(Options options) {
  const std::vector<double> numbers = {10000, 20000, 50000, 100000};
  const std::vector<std::string> stages = {"outlier_scores", "pca",   "procrustes",
                                           "linear_cka",     "frame", "frame_unjudged"};
  options.trustworthiness = false;  // it is in the frame, of a sample from 20,000 on
  options.sets = 2;
  std::map<std::string, std::vector<double>> seconds;
  for (const double rows : numbers) {
    options.rows = static_cast<std::int64_t>(rows);
    const Json result = Measurement(options).run();
    for (const std::string& stage : stages) {
      seconds[stage].push_back(result.at(stage).at("cpu_s"));
      std::printf("%8.0f rows  %-16s %9.4f s of CPU time\n", rows, stage.c_str(), seconds[stage].back());
    }
  }
  for (const std::string& stage : stages)
    std::printf("%-16s grows with N to the power of %.2f\n", stage.c_str(),
                power_of(numbers, seconds[stage]));
}

SearchMethod method_of(const std::string& asked) {
  for (const auto& [word, method] : kSearchMethods)
    if (word == asked) return method;
  throw std::runtime_error("--neighbour-search " + asked + ": exact, hnsw or ivf");
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
      "neighbour-search", po::value<std::string>(), "hnsw or ivf, beside the exact search")(
      "in-turns", "before each set, say what the one before took, and wait for a line of standard input")(
      "fit", "with which power of the number of rows the time grows")("json", po::value(&options.json),
                                                                      "also write FILE");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, description), given);
  po::notify(given);
  if (given.contains("help")) {
    std::cout << description;
    std::exit(0);
  }
  options.trustworthiness = !given.contains("no-trustworthiness");
  if (given.contains("neighbour-search"))
    options.search = method_of(given["neighbour-search"].as<std::string>());
  options.in_turns = given.contains("in-turns");
  options.fits = given.contains("fit");
  if (given.contains("smoke")) {
    options.rows = 700;
    options.columns = 20;
    options.sets = 2;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  zoetrope::support::keep_freed_memory();  // as jobs do
  try {
    const Options options = parse(argc, argv);
    if (options.threads > 0) at::set_num_threads(options.threads);
    if (options.fits) return fit(options), 0;
    Json result = Measurement(options).run();
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
