// SPDX-License-Identifier: Apache-2.0
// The ranks of a communicator as a team that analyses a checkpoint.
#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/team.hpp"
#include "zoetrope/comm/communicator.hpp"

namespace zoetrope::pipeline {

class RankTeam final : public analysis::Team {
 public:
  // Of a communicator that carries CPU tensors and lives as long.
  explicit RankTeam(comm::Communicator& ranks) : ranks_(ranks) {}

  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  at::Tensor gather(const at::Tensor& piece, int root) override { return ranks_.gather(piece, root); }
  at::Tensor all_gather(const at::Tensor& piece) override { return ranks_.all_gather(piece); }
  void add_up(at::Tensor& values) override { ranks_.all_reduce(values, comm::ReduceOp::kSum); }
  void work_together(const std::function<void()>& part) override;

 private:
  comm::Communicator& ranks_;
};

}  // namespace zoetrope::pipeline
