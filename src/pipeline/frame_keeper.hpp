// SPDX-License-Identifier: Apache-2.0
// What a rank has computed of its frames: in files, so that a later attempt goes on from there and memory
// does not grow with the frames; the latest in memory, so that an analysis of a second writes none.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "zoetrope/store/analysis_part.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "packed_frame.hpp"

namespace zoetrope::pipeline {

enum class Keep { kInFiles, kInMemory };  // the latter writes nothing at all

class FrameKeeper {
 public:
  FrameKeeper(const store::RunDirectory& run, PackedShape shape, Keep keep)
      : run_(run), shape_(shape), keep_(keep) {}

  // Whether an earlier attempt has computed the frame of `step` from what `source_digest` says. A damaged
  // file is warned of.
  bool has(std::int64_t step, const std::string& source_digest);
  // RunError where it cannot be written.
  void put(std::int64_t step, const std::string& source_digest, const analysis::FrameAnalysis& frame);
  // Writes what is in memory alone.
  void flush();
  // Of a frame that it has, or that was put.
  PackedFrame get(std::int64_t step) const;

  const PackedShape& shape() const { return shape_; }

 private:
  const store::RunDirectory& run_;
  PackedShape shape_;
  Keep keep_;
  std::map<std::int64_t, store::AnalysisPart> in_memory_;  // by step
  support::Stopwatch since_flush_;
};

}  // namespace zoetrope::pipeline
