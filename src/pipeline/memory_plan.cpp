// SPDX-License-Identifier: Apache-2.0
#include "memory_plan.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/preprocess/image_cache.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/host_memory.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr std::int64_t kTileRows = 512;  // of the search: what a thread looks at between two others
constexpr std::int64_t kLeastBlockRows = 512;
constexpr std::int64_t kMostScatterBytes = std::int64_t{512} << 20;

// What the analysis of one checkpoint takes on a rank, in bytes.
struct MemoryNeeds {
  std::int64_t rows = 0;     // of test and of training images
  std::int64_t columns = 1;  // the largest D
  std::int64_t frames = 0;   // whose rows are there at once: this one, that before, the first and the last
  std::int64_t beside = 0;   // what is there in either case
  std::int64_t in_memory = 0;
  std::int64_t in_blocks = 0;  // the least
  std::int64_t result = 0;     // of all checkpoints, on rank 0
};

// Candidates, distances and what is settled of them, groups of equal rows, the frame's numbers twice, and the
// neighbours of the checkpoints that it is compared with.
std::int64_t bytes_an_image(const AnalysisOptions& options, const MemoryNeeds& needs, bool is_shared) {
  const std::int64_t neighbours = std::min(options.neighbours, needs.rows);
  const std::int64_t k = std::max(neighbours, std::min(options.quality_neighbours, needs.rows));
  const std::int64_t kept = k + std::max<std::int64_t>(6, k / 4);
  const std::int64_t candidates = 8 * (kept + std::max<std::int64_t>(kept, 48)) + 12;
  const std::int64_t found = (is_shared ? 3 : 1) * (16 * k + 8);
  return candidates + found + 16 * neighbours * (needs.frames + 1) + 800;
}

// Of an image in analysis.h5, and in what it is made of.
std::int64_t bytes_of_result(const AnalysisOptions& options, std::int64_t rows, bool has_classifier) {
  return 4 * std::min(options.neighbours, rows) + 160 + (has_classifier ? 64 : 0);
}

AnalysisSizes sizes_of(const std::vector<CheckpointSource>& sources,
                       const std::vector<std::vector<std::int64_t>>& columns) {
  AnalysisSizes sizes;
  sizes.checkpoints = static_cast<std::int64_t>(sources.size());
  sizes.rows = sources.front().identity.num_rows;
  if (sources.front().training) sizes.rows += sources.front().training->identity.num_rows;
  sizes.has_predictions = !columns.front().empty();
  for (std::size_t frame = 0; frame < sources.size(); ++frame) {
    const store::EmbeddingsIdentity& of = sources[frame].identity;
    sizes.columns = std::max(sizes.columns, of.num_columns);
    sizes.logits = std::max(sizes.logits, of.num_classes);
    if (!analysis::are_all(columns[frame], of.num_classes))
      sizes.copied_logits = std::max(sizes.copied_logits, static_cast<std::int64_t>(columns[frame].size()));
  }
  return sizes;
}

// Collective.
MemoryNeeds needs_of(Session& session, const AnalysisSizes& sizes, bool is_shared) {
  const AnalysisOptions& options = session.options().analysis;
  MemoryNeeds needs;
  needs.rows = sizes.rows;
  needs.columns = sizes.columns;
  needs.frames = std::min<std::int64_t>(4, sizes.checkpoints);
  const std::int64_t matrices = (needs.frames + 3) * 8 * needs.columns * needs.columns;
  const std::int64_t threads = comm::all_reduce_scalar(
      session.communicator(), static_cast<std::int64_t>(session.threads()), comm::ReduceOp::kMax);
  const std::int64_t a_thread = 16 * kTileRows * needs.columns + (std::int64_t{2} << 20);
  const std::int64_t row = 4 * needs.columns;
  needs.beside = (bytes_an_image(options, needs, is_shared) + 4 * sizes.copied_logits) * needs.rows +
                 matrices + threads * a_thread;
  if (options.fit_on == FitOn::kBoth) needs.beside += row * needs.rows;  // one matrix of both
  // Centred rows, and with an index its own.
  const std::int64_t copies = options.search == analysis::SearchMethod::kExact ? 1 : 2;
  needs.in_memory = needs.beside + needs.rows * (4 * sizes.logits + row * (needs.frames + copies));
  needs.in_blocks = needs.beside + 3 * row * kLeastBlockRows;
  needs.result = sizes.checkpoints * needs.rows * bytes_of_result(options, needs.rows, sizes.has_predictions);
  return needs;
}

std::string size_of(std::int64_t bytes) {
  return support::format_bytes(static_cast<std::uint64_t>(bytes));
}

[[noreturn]] void refuse(const Session& session, std::int64_t needed, int ranks, const std::string& why,
                         const std::string& instead) {
  constexpr std::int64_t kMiB = std::int64_t{1} << 20;
  const std::int64_t limit = session.options().analysis.memory_limit;
  throw UsageError("--memory-limit: " + why + " " + size_of(needed) +
                   (ranks > 1 ? " on each of " + std::to_string(ranks) + " ranks of a host" : "") + ", and " +
                   size_of(limit) + " is given; give " + std::to_string((needed * ranks + kMiB - 1) / kMiB) +
                   "M or more, or " + instead);
}

// What the ranks of a host have to share, and what each takes of it; the same on all.
struct Demand {
  MemoryNeeds needs;
  int ranks = 1;
  std::int64_t share = 0;  // of a rank of the host with the least
};

Demand demand_of(Session& session, const AnalysisSizes& sizes, bool is_shared) {
  Demand demand;
  demand.needs = needs_of(session, sizes, is_shared);
  demand.ranks = static_cast<int>(comm::all_reduce_scalar(
      session.communicator(), std::int64_t{session.world().local_size()}, comm::ReduceOp::kMax));
  demand.share = comm::all_reduce_scalar(
      session.communicator(), share_of_limit(session.options().analysis, demand.ranks), comm::ReduceOp::kMin);
  return demand;
}

// With an index of FAISS or a GPU all rows are in memory.
bool takes_all(const Session& session) {
  return session.analysis_device().has_value() ||
         session.options().analysis.search != analysis::SearchMethod::kExact;
}

// UsageError where --memory-limit is too small.
void require_enough(const Session& session, const Demand& demand) {
  const auto& [needs, ranks, share] = demand;
  if (session.options().analysis.memory_limit == 0) return;
  if (needs.result > std::max(share, needs.in_blocks))
    refuse(session, needs.result, ranks, "what is found of all checkpoints takes",
           "analyse fewer images (--test-limit)");
  if (needs.in_memory <= share) return;
  if (takes_all(session))
    refuse(session, needs.in_memory, ranks,
           "with an index of FAISS or a GPU all rows are in memory, which takes",
           "--neighbour-search exact and --device cpu, with which they are read in blocks");
  if (needs.in_blocks > share)
    refuse(session, needs.in_blocks, ranks, "even in blocks the analysis takes",
           "start fewer ranks on a host");
}

// Of the host's memory, for one of `ranks`.
std::int64_t share_of_quarter(int ranks) {
  const std::int64_t usable = support::usable_memory();  // 0: nobody knows
  return usable > 0 ? usable / 4 / ranks : std::numeric_limits<std::int64_t>::max();
}

void tell(const MemoryNeeds& needs, const MemoryPlan& plan, std::int64_t share) {
  const std::int64_t blocks = (needs.rows + plan.block_rows - 1) / plan.block_rows;
  support::log_info("a checkpoint's " + support::format_count(needs.rows) + " rows are read in " +
                    support::format_count(blocks) + (blocks == 1 ? " block: " : " blocks: ") +
                    "in memory the analysis takes " + size_of(needs.in_memory) +
                    " a rank, and --memory-limit leaves it " + size_of(share));
}

}  // namespace

std::int64_t share_of_limit(const AnalysisOptions& options, int ranks) {
  return options.memory_limit > 0 ? options.memory_limit / ranks : share_of_quarter(ranks);
}

std::uint64_t image_cache_bytes(const DataOptions& options, int ranks) {
  if (options.image_cache_mib) return static_cast<std::uint64_t>(*options.image_cache_mib) << 20;
  return std::min(preprocess::ImageCacheOptions{}.max_bytes,
                  static_cast<std::uint64_t>(share_of_quarter(ranks)));
}

std::uint64_t device_cache_bytes(const compute::Device& gpu) {
  return std::min(preprocess::ImageCacheOptions{}.max_device_bytes,
                  static_cast<std::uint64_t>(gpu.memory_bytes) / 8);
}

void require_memory(Session& session, const AnalysisSizes& sizes) {
  require_enough(session, demand_of(session, sizes, false));
}

MemoryPlan plan_memory(Session& session, const std::vector<CheckpointSource>& sources,
                       const std::vector<std::vector<std::int64_t>>& columns, bool is_shared) {
  const Demand demand = demand_of(session, sizes_of(sources, columns), is_shared);
  require_enough(session, demand);
  const auto& [needs, ranks, share] = demand;
  const MemoryPlan in_memory{0, 0, static_cast<std::size_t>(kMostScatterBytes)};
  if (needs.in_memory <= share || takes_all(session)) return in_memory;
  // A quarter of what is left is for pages that come with those that are looked at.
  const std::int64_t row = 4 * needs.columns;
  const std::int64_t room = std::max(share - needs.beside, 3 * row * kLeastBlockRows);
  MemoryPlan plan{room / (8 * row) * 3, static_cast<std::size_t>(room), 0};
  plan.block_rows = std::max(plan.block_rows / kTileRows * kTileRows, kLeastBlockRows);
  if (session.is_root()) tell(needs, plan, share);
  return plan;
}

}  // namespace zoetrope::pipeline
