// SPDX-License-Identifier: Apache-2.0
// checkpoint-<step>/, a frame, and resume-<step>/, between two frames: Hugging Face model folders. Some hold
// what continuing the training needs, too: resume points.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "zoetrope/model/vit.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/train/options.hpp"

namespace zoetrope::train {

// In CheckpointContent::identity, of the training images' digest.
inline constexpr const char* kImagesKey = "data";

// Sums since the last line of log.csv, so that an interrupted run logs what an uninterrupted one would.
struct IntervalSums {
  double loss = 0;  // of the steps' mean losses
  std::int64_t steps = 0;
  double correct = 0;  // images whose class was predicted
  std::int64_t images = 0;
};

// What one checkpoint is made of. Tensors are snapshots: training goes on while they are written.
struct CheckpointContent {
  std::int64_t step = 0;
  std::optional<model::Vit> model;  // holds a copy of the values
  at::Tensor exp_avg;               // flat layout; undefined: it is no resume point
  at::Tensor exp_avg_sq;
  IntervalSums sums;
  support::Json identity;       // TrainOptions::identity and the data's digest
  support::Json preprocessor;   // preprocessor_config.json
  support::Json trainer_state;  // trainer_state.json, not sealed yet
};

// Writes the folder, atomically. Returns the digest of the model's weights.
std::string write_checkpoint(const std::filesystem::path& folder, const CheckpointContent& content);

// The optimizer's state alone.
void write_optimizer(const std::filesystem::path& folder, const CheckpointContent& content);

// Makes a checkpoint that is there, with these weights, a resume point, which has all lines of the log. A log
// that it has from an earlier time as one gives way to that of now, whose lines are as they are in log.csv; a
// frame's last line stays where it is the only one.
void make_resume_point(const std::filesystem::path& folder, const CheckpointContent& content,
                       const std::string& model_digest);

// Whether the folder is a resume point, whole or not.
bool has_optimizer(const std::filesystem::path& folder);

// What optimizer.safetensors holds.
struct ResumePoint {
  at::Tensor exp_avg;  // undefined: there is none
  at::Tensor exp_avg_sq;
  IntervalSums sums;
  support::Json identity;
};

// Reads the optimizer's state after `step` steps for `model`, once. InputError where it is damaged, of
// another step, another training or another model.
ResumePoint read_resume_point(const std::filesystem::path& folder, std::int64_t step,
                              const model::Vit& model);

// The CheckpointContent::identity that a training has left in a checkpoint that it wrote; none where others
// did.
std::optional<support::Json> read_identity(const std::filesystem::path& folder);

// UsageError names the first option of `asked` that differs from those that the checkpoint was trained with.
void require_identity(const std::filesystem::path& folder, const support::Json& stored,
                      const support::Json& asked);

// Removes what is no longer needed once what was saved after `newest` steps is on disk: optimizer states of
// more checkpoints than keep_optimizer, what was saved between frames before the newest resume point, and
// with SaveMode::kInSitu the models of which options.is_embedded() says so, but for the newest and the
// one that training would go on from. RunError where the system does not say what is there; nothing is
// removed on a guess.
void prune_checkpoints(const store::RunDirectory& run, std::int64_t newest, const TrainOptions& options);

}  // namespace zoetrope::train
