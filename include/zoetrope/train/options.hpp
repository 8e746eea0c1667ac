// SPDX-License-Identifier: Apache-2.0
// How to fine-tune. Defaults are those of Hugging Face's TrainingArguments, with the article's batch and
// steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "zoetrope/model/precision.hpp"
#include "zoetrope/preprocess/augment.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::train {

enum class SaveMode {
  kFull,   // every checkpoint is a model folder
  kInSitu  // only the newest is kept; earlier ones live on as what was computed from them
};

// Whether the device replays a step as one captured graph (compute/device_graph.hpp).
enum class GraphMode {
  kOff,
  kAuto,  // where it can; a step that cannot be captured runs as it is
  kOn     // or it is an error
};

struct TrainOptions {
  std::int64_t max_steps = 0;
  std::int64_t batch_size = 32;  // images per optimizer step over all ranks
  std::int64_t micro_batch = 0;  // images per forward pass on a rank; 0: what fits
  double learning_rate = 5e-5;
  double weight_decay = 0;
  double warmup_ratio = 0.1;
  double max_grad_norm = 1.0;  // 0: no clipping
  std::uint64_t seed = 42;
  std::int64_t save_steps = 20;
  std::int64_t logging_steps = 20;
  double resume_every = 120;        // seconds between states to go on from; 0: with every checkpoint
  std::int64_t keep_optimizer = 2;  // how many of these states in checkpoints are kept, the newest
  SaveMode save = SaveMode::kFull;
  // Whether the folder of a frame has all that is to be made of its model, and whole: in situ the model goes
  // then. Called on rank 0, by a thread of its own, too. Empty: models stay.
  std::function<bool(const std::filesystem::path& checkpoint_folder)> is_embedded;
  preprocess::Augmentation augmentation =
      preprocess::Augmentation::kNone;  // part of what is learned, applied by preprocess::ImageCache
  model::Precision precision = model::Precision::kFloat32;
  int threads = 1;  // of this rank
  GraphMode graph = GraphMode::kAuto;

  // Whether the model after `step` steps is a frame of the animation.
  bool is_frame(std::int64_t step) const { return step % save_steps == 0 || step == max_steps; }
  // How many of the models after 0 to `last` steps are, and of the whole training.
  std::int64_t num_frames(std::int64_t last) const {
    return 1 + last / save_steps + (last == max_steps && last % save_steps != 0 ? 1 : 0);
  }
  std::int64_t num_frames() const { return num_frames(max_steps); }

  // The options that decide what is learned: a run is only continued with equal ones.
  support::Json identity() const;
};

// ceil(epochs * steps_per_epoch), computed in double as Trainer does.
std::int64_t steps_of_epochs(double epochs, std::int64_t steps_per_epoch);

}  // namespace zoetrope::train
