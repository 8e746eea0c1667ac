// SPDX-License-Identifier: Apache-2.0
// What a training is about to do, and how long that takes, from its first steps.
#pragma once

#include <cstdint>

#include "zoetrope/model/config.hpp"
#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/train/options.hpp"

namespace zoetrope::pipeline {

// On rank 0, a line in the log: the model, the images, their classes, steps, checkpoints, ranks and device.
void announce_training(Session& session, const model::VitConfig& model, const train::TrainOptions& options,
                       bool embeds);

class Forecast {
 public:
  // `embedding` counts what has been embedded so far, of `num_tests` images at each checkpoint; it and the
  // options outlive this.
  Forecast(const Session& session, const train::TrainOptions& options, const store::StageTime& embedding,
           std::int64_t num_tests);

  // To be called before each step. Once some have been timed, says on rank 0 how long the rest takes.
  void step();

 private:
  std::string time_left() const;

  bool is_root_;
  const train::TrainOptions& options_;
  const store::StageTime& embedding_;
  std::int64_t num_tests_;
  double embedding_before_ = 0;  // seconds, when the timing began
  std::int64_t first_ = 0;       // steps that were done before this job
  std::int64_t begun_ = 0;       // steps of this job
  support::Stopwatch watch_;     // since the second of them, which is the first without a warm-up
  bool is_said_ = false;
};

}  // namespace zoetrope::pipeline
