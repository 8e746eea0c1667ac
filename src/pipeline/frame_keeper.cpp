// SPDX-License-Identifier: Apache-2.0
#include "frame_keeper.hpp"

#include <filesystem>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr double kSecondsInMemory = 2;  // of work, which is all that a kill costs

}  // namespace

bool FrameKeeper::has(std::int64_t step, const std::string& source_digest) {
  const std::filesystem::path path = run_.analysis_part(step);
  if (keep_ == Keep::kInMemory || !support::exists(path)) return false;
  try {
    store::AnalysisPart part = store::read_analysis_part(path);
    if (part.source_digest != source_digest) return false;
    require_shape({std::move(part.numbers), std::move(part.integers)}, shape_, path.string());
    return true;
  } catch (const InputError& damage) {
    support::log_warning(std::string(damage.what()) + "; it is made again");
    return false;
  }
}

void FrameKeeper::put(std::int64_t step, const std::string& source_digest,
                      const analysis::FrameAnalysis& frame) {
  PackedFrame packed = pack(frame);
  require_shape(packed, shape_, "the analysis of checkpoint-" + std::to_string(step));
  in_memory_[step] = {source_digest, std::move(packed.numbers), std::move(packed.integers)};
  if (since_flush_.seconds() > kSecondsInMemory) flush();
}

void FrameKeeper::flush() {
  if (keep_ == Keep::kInMemory) return;
  for (auto first = in_memory_.begin(); first != in_memory_.end(); first = in_memory_.erase(first))
    store::write_analysis_part(run_.analysis_part(first->first), first->second);
  since_flush_ = {};
}

PackedFrame FrameKeeper::get(std::int64_t step) const {
  const auto found = in_memory_.find(step);
  if (found != in_memory_.end()) return {found->second.numbers, found->second.integers};
  const std::string path = run_.analysis_part(step).string();
  store::AnalysisPart part = store::read_analysis_part(path);
  PackedFrame frame{std::move(part.numbers), std::move(part.integers)};
  require_shape(frame, shape_, path);
  return frame;
}

}  // namespace zoetrope::pipeline
