// SPDX-License-Identifier: Apache-2.0
#include "rank_team.hpp"

#include "zoetrope/comm/stop.hpp"

namespace zoetrope::pipeline {

void RankTeam::work_together(const std::function<void()>& part) {
  comm::do_unless_asked(
      ranks_, "the checkpoint that is being analysed is not finished; run the same command again", part);
}

}  // namespace zoetrope::pipeline
