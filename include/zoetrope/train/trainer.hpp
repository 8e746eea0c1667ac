// SPDX-License-Identifier: Apache-2.0
// The fine-tuning loop: data-parallel over ranks, the same training whatever their number.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/checkpoint_in_memory.hpp"
#include "zoetrope/model/vit.hpp"
#include "zoetrope/preprocess/image_cache.hpp"
#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/train/options.hpp"

namespace zoetrope::train {

// Who the ranks talk through. The same one where tensors are on the CPU; with CUDA the tensors go over NCCL
// and what decides the next step over MPI, so that a decision never waits for the device.
struct Communicators {
  comm::Communicator& tensors;
  comm::Communicator& control;  // CPU tensors
};

struct TrainingInput {
  model::Vit model;  // the start; when a checkpoint exists, its weights take their place
  preprocess::ImageCache& images;
  const preprocess::PreprocessorConfig& preprocessor;
  std::string dataset_digest;
  // The model is called as it was when the run was begun. Where the weights of checkpoint-0 are gone, other
  // bits are then no other model.
  bool model_has_name_of_run = false;
};

using CheckpointHook = std::function<void(const model::CheckpointInMemory& frame)>;
using LogHook = std::function<void(std::span<const store::LossRecord> lines)>;

struct TrainingHooks {
  // Called on every rank for each frame, also for the one that training goes on from. Collective; may end
  // early after a signal.
  CheckpointHook on_checkpoint;
  // Called on rank 0 with lines of log.csv: when the training begins with those that are there, which may be
  // none, and then with each as it is written.
  LogHook on_log;
  // Names the work for the watchdog and the log.
  std::function<void(const std::string& stage)> on_stage;
  // Called on every rank when it is known after how many steps training goes on, -1: from the beginning, and
  // that it may; before anything of the run is removed or written. What it throws ends the training.
  // Collective.
  std::function<void(std::int64_t step)> on_start;
};

struct TrainingResult {
  std::int64_t first_step = 0;  // where this run took up; equal to last_step when there was nothing to do
  std::int64_t last_step = 0;
  std::int64_t images = 0;  // that this run was trained with, each as often as it was
  double seconds = 0;       // of the training loop, with checkpoints
};

// Trains until options.max_steps, writing log.csv and checkpoints into `run` (rank 0). Collective. Throws
// Interrupted on every rank after a signal on any rank, when the state is saved, and with hooks.on_checkpoint
// also where it comes after the last step: what was to be made of the last frames may not be whole. RunError
// when the loss, the gradient's norm, or the model that is to be saved or its logits are not finite: no
// checkpoint of it is kept.
TrainingResult train(const store::RunDirectory& run, TrainingInput input, const TrainOptions& options,
                     Communicators communicators, const TrainingHooks& hooks = {});

}  // namespace zoetrope::train
