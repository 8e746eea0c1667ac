// SPDX-License-Identifier: Apache-2.0
#include "frame_deal.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <ATen/ops/from_blob.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/range.hpp"

#include "run_analysis.hpp"

namespace zoetrope::pipeline {

namespace {

// Fewer frames than ranks. A team that has a frame of its own computes the frames that it compares with once
// more; one of all ranks computes each once, but one after the other, and only what grows with N² is dealt to
// them. So that is better where else some rank would have a frame for itself, and N² is most of the work: of
// what grows with N D² there are some ten times as many operations, in float64.
std::size_t num_teams(std::size_t num_frames, std::size_t num_ranks, std::int64_t num_images,
                      std::int64_t num_columns) {
  constexpr std::int64_t kMostOfTheWork = 32;
  const auto frames = static_cast<std::int64_t>(num_frames);
  return num_ranks < 2 * num_frames && num_images / num_columns >= kMostOfTheWork * frames ? 1 : num_frames;
}

}  // namespace

FrameDeal::FrameDeal(Session& session, std::size_t num_frames, std::int64_t num_images,
                     std::int64_t num_columns)
    : session_(session), num_frames_(num_frames), num_teams_(num_frames) {
  comm::Communicator& ranks = session.communicator();
  const auto num_ranks = static_cast<std::size_t>(ranks.size());
  if (num_frames >= num_ranks) return;
  num_teams_ = num_teams(num_frames, num_ranks, num_images, num_columns);
  // The rank that keeps a frame, of the same number, is in its team.
  if (num_teams_ > 1) some_ = ranks.split(ranks.rank() % static_cast<int>(num_teams_));
  together_ = some_ ? some_.get() : &ranks;
  team_ = std::make_unique<RankTeam>(*together_);
}

bool FrameDeal::has_part_in(std::size_t frame) const {
  if (team_ == nullptr) return keeps(frame);
  return frame % num_teams_ == static_cast<std::size_t>(session_.communicator().rank()) % num_teams_;
}

bool FrameDeal::keeps(std::size_t frame) const {
  const comm::Communicator& ranks = session_.communicator();
  const auto [first, last] =
      support::share(static_cast<std::int64_t>(num_frames_), ranks.rank(), ranks.size());
  const auto number = static_cast<std::int64_t>(frame);
  return first <= number && number < last;
}

std::vector<std::size_t> FrameDeal::missing(const std::function<bool(std::size_t frame)>& has) const {
  comm::Communicator& ranks = session_.communicator();
  std::vector<std::int64_t> is_there(num_frames_, 0);
  comm::do_unless_asked(ranks, kFramesAreKept, [&] {
    for (std::size_t frame = 0; frame < num_frames_; ++frame) {
      if (!keeps(frame)) continue;
      support::stop_point();
      is_there[frame] = has(frame) ? 1 : 0;
    }
  });
  if (together_ != nullptr)
    together_->all_reduce(at::from_blob(is_there.data(), {static_cast<std::int64_t>(num_frames_)}, at::kLong),
                          comm::ReduceOp::kMax);
  std::vector<std::size_t> frames;
  std::size_t all = 0;
  for (std::size_t frame = 0; frame < num_frames_; ++frame) {
    if (!has_part_in(frame)) continue;
    ++all;
    if (is_there[frame] == 0) frames.push_back(frame);
  }
  if (frames.size() < all)
    support::log_info("the analysis goes on: " + std::to_string(all - frames.size()) + " of " +
                      std::to_string(all) + " frames are there already");
  return frames;
}

void FrameDeal::compute(const std::function<void()>& work) const {
  if (team_ == nullptr) return comm::do_unless_asked(session_.communicator(), kFramesAreKept, work);
  try {
    work();
  } catch (const Interrupted&) {
    // On all ranks of the team, which say now with the others what becomes of the frames.
  }
  comm::stop_if_asked(session_.communicator(), kFramesAreKept);
}

}  // namespace zoetrope::pipeline
