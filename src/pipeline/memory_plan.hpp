// SPDX-License-Identifier: Apache-2.0
// What is kept in memory: whether the rows of a checkpoint are analysed there or block by block
// (--memory-limit), and how many resized images (--image-cache).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoetrope/pipeline/session.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

struct MemoryPlan {
  std::int64_t block_rows = 0;    // two such blocks at a time; 0: all rows are in memory
  std::size_t mapped_bytes = 0;   // of the rows' files that may be in memory then
  std::size_t scatter_bytes = 0;  // that may be kept for those who ask again
};

// What this rank may take where `ranks` of its host share --memory-limit.
std::int64_t share_of_limit(const AnalysisOptions& options, int ranks);

// What this rank may take for the resized images of a split where `ranks` of its host have to share the
// memory: --image-cache.
std::uint64_t image_cache_bytes(const DataOptions& options, int ranks);
// How many bytes of a split's resized images may stay on `gpu`, whose memory is for the model first. The
// images of up to three splits may be there.
std::uint64_t device_cache_bytes(const compute::Device& gpu);

// What an analysis is of, as far as it decides what memory it takes.
struct AnalysisSizes {
  std::int64_t checkpoints = 1;
  std::int64_t rows = 0;           // of a checkpoint: test and training images
  std::int64_t columns = 1;        // the largest D
  std::int64_t logits = 0;         // of an image in the file
  std::int64_t copied_logits = 0;  // those of an image that are kept of them, where these are not all
  bool has_predictions = false;
};

// UsageError where --memory-limit is too small for an analysis of these sizes, however it is dealt to the
// ranks. Collective.
void require_memory(Session& session, const AnalysisSizes& sizes);

// Each rank's, and the same on all. Rank 0 says so where rows are read in blocks. Collective. UsageError
// where --memory-limit is too small even for that, or where the search takes all rows in memory.
// `columns`: see class_columns(); `is_shared`: several ranks analyse a checkpoint.
MemoryPlan plan_memory(Session& session, const std::vector<CheckpointSource>& sources,
                       const std::vector<std::vector<std::int64_t>>& columns, bool is_shared);

}  // namespace zoetrope::pipeline
