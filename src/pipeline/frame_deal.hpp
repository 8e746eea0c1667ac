// SPDX-License-Identifier: Apache-2.0
// Which frames a rank computes, and which of them it keeps. As long as there are as many frames as ranks,
// each computes neighbouring ones, since some curves compare a frame with the one before it. Fewer frames are
// computed by teams of ranks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/pipeline/session.hpp"

#include "rank_team.hpp"

namespace zoetrope::pipeline {

class FrameDeal {
 public:
  // Frames of [N, D] embeddings. Collective.
  FrameDeal(Session& session, std::size_t num_frames, std::int64_t num_images, std::int64_t num_columns);

  // Those that compute a frame with this rank; null where each rank computes frames of its own.
  analysis::Team* team() const { return team_.get(); }

  // Whether it is this rank that keeps what is computed of the frame.
  bool keeps(std::size_t frame) const;

  // The frames that this rank has a part in and that nobody has yet, as `has` says of those that a rank
  // keeps. Says how many are there. Collective; Interrupted on every rank after a signal on any.
  std::vector<std::size_t> missing(const std::function<bool(std::size_t frame)>& has) const;

  // Computes frames. Collective; Interrupted on every rank after a signal on any, once `work` has ended.
  void compute(const std::function<void()>& work) const;

 private:
  bool has_part_in(std::size_t frame) const;

  Session& session_;
  std::size_t num_frames_, num_teams_;
  std::unique_ptr<comm::Communicator> some_;  // of the ranks
  comm::Communicator* together_ = nullptr;    // those, or all
  std::unique_ptr<RankTeam> team_;
};

}  // namespace zoetrope::pipeline
