// SPDX-License-Identifier: Apache-2.0
#include "search_notice.hpp"

#include <algorithm>
#include <string>

#include "zoetrope/analysis/neighbour_search.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::pipeline {

namespace {

// From here on an index may be quicker (docs/numerics.md).
constexpr std::int64_t kManyImages = 200'000;

std::string time_of_exact_search(Session& session, std::int64_t num_images,
                                 const std::vector<CheckpointSource>& sources) {
  const AnalysisOptions& options = session.options().analysis;
  const std::int64_t k = std::max(options.neighbours, options.quality_neighbours);
  const double seconds = analysis::seconds_of_exact_search(num_images, sources.back().identity.num_columns, k,
                                                           session.analysis_device());
  const auto ranks = session.world().size();
  return support::format_duration(seconds) + " for each of " + std::to_string(sources.size()) +
         " checkpoints" + (ranks > 1 ? ", which " + std::to_string(ranks) + " ranks share" : "");
}

}  // namespace

void tell_of_search(Session& session, const std::vector<CheckpointSource>& sources) {
  const analysis::SearchMethod method = session.options().analysis.search;
  const std::int64_t images = session.test().size();
  if (method == analysis::SearchMethod::kExact && images >= kManyImages)
    support::log_info("the exact search for neighbours among " + support::format_count(images) +
                      " images takes about " + time_of_exact_search(session, images, sources) +
                      "; --neighbour-search hnsw and ivf are approximate, and may be quicker");
  if (method != analysis::SearchMethod::kExact && images < analysis::kLeastIndexedRows)
    support::log_info("--neighbour-search " + std::string(analysis::word_of(method)) + ": " +
                      support::format_count(images) + " images are searched exactly; an index is made of " +
                      support::format_count(analysis::kLeastIndexedRows) + " or more");
}

}  // namespace zoetrope::pipeline
