// SPDX-License-Identifier: Apache-2.0
// The analysis of a run's checkpoints while its training goes on.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/compute/worker_pool.hpp"
#include "zoetrope/pipeline/session.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// What of an analysis asks for no later checkpoint (analysis::know_frame()), in a thread of its own that goes
// behind those of the training (nice 10), on a quarter of the rank's cores. It writes known-<step>.h5, which
// KnownFrames finds, and nothing else; what it does not come to or fails at is left to the analysis. In
// memory it holds the embeddings of three checkpoints and a search's room, whatever the number of those that
// wait; where --memory-limit leaves less, it does nothing.
class AnalysisAhead {
 public:
  explicit AnalysisAhead(Session& session);

  // The embeddings of checkpoint `step` are on disk. Does not block, and does nothing in a child of the
  // process.
  void add(std::int64_t step);

 private:
  struct Held {
    CheckpointSource source;
    analysis::EarlierFrame frame;
  };
  void know(std::int64_t step);
  void know_sealed(std::int64_t step);
  CheckpointSource source_of(std::int64_t step) const;
  void hold(std::optional<Held>& held, std::int64_t step) const;
  bool has_room(const CheckpointSource& source) const;

  const store::RunDirectory run_;
  const bool shows_training_;
  const int threads_;
  const analysis::FrameOptions options_;
  const std::int64_t host_bytes_;    // by --memory-limit
  const std::int64_t device_bytes_;  // the GPU's; 0: there is none
  const pid_t process_;
  std::optional<Held> first_, before_;
  compute::WorkerPool thread_{1, "zt-analysis"};  // last: its thread uses what is above
};

// Whether this rank, which is rank 0, works beside the training: as --analyze says, and of itself on a GPU
// with four cores or more. UsageError, on every rank, where it is asked for and cannot be.
bool works_beside(const Session& session);

// What this thread does, and those that it starts from now on, goes behind what others do (nice 10).
void go_behind_others();

}  // namespace zoetrope::pipeline
