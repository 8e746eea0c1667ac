// SPDX-License-Identifier: Apache-2.0
// RUN/analysis.parts/known-<step>.h5: what an analysis of a checkpoint needs, found out while the training
// went on.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/pipeline/session.hpp"

#include "checkpoint_source.hpp"
#include "frame_keeper.hpp"

namespace zoetrope::pipeline {

// How the job finds neighbours and where it multiplies, as far as the numbers depend on that.
analysis::FrameOptions options_to_know(const AnalysisOptions& options, analysis::TensorDevice device);

// Whether the frame of `source` is there, is of that digest and whole.
bool is_known(const store::RunDirectory& run, const CheckpointSource& source,
              const analysis::FrameOptions& options, const std::string& digest);
// RunError where it cannot be written.
void write_known(const store::RunDirectory& run, std::int64_t step, const std::string& digest,
                 const analysis::KnownFrame& known);
// InputError where it is missing, damaged or not of as many images and dimensions as `source`.
analysis::KnownFrame read_known(const store::RunDirectory& run, const CheckpointSource& source,
                                const analysis::FrameOptions& options);

// Those that an analysis finds there.
class KnownFrames {
 public:
  // As rank 0 finds them, so that all ranks take the same way; none where `keep` says that files are not
  // looked at. Collective.
  KnownFrames(Session& session, const std::vector<CheckpointSource>& sources, Keep keep);

  // Null where it is not there.
  std::shared_ptr<const analysis::KnownFrame> of(std::size_t frame) const;

 private:
  const store::RunDirectory& run_;
  const std::vector<CheckpointSource>& sources_;
  analysis::FrameOptions options_;
  std::vector<std::int64_t> is_known_;  // one a frame
};

}  // namespace zoetrope::pipeline
