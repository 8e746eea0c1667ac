// SPDX-License-Identifier: Apache-2.0
// Trainings of the golden images on thread ranks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/Parallel.h>

#include "zoetrope/comm/testing.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/train/trainer.hpp"

#include "tensor_dataset.hpp"
#include "training_data.hpp"

namespace zoetrope::train {

inline TrainOptions options_of(const std::string& name) {
  const auto cases = support::read_json(testing::golden("train-50/cases.json"));
  const auto& stored = cases.at(name);
  TrainOptions options;
  options.max_steps = stored.at("steps");
  options.batch_size = stored.at("per_device_train_batch_size").get<std::int64_t>() *
                       stored.at("gradient_accumulation_steps").get<std::int64_t>();
  options.learning_rate = stored.at("learning_rate");
  options.weight_decay = stored.at("weight_decay");
  options.warmup_ratio = stored.at("warmup_ratio");
  options.max_grad_norm = stored.at("max_grad_norm");
  options.logging_steps = 1;
  options.save_steps = 25;
  return options;
}

inline std::vector<std::string> golden_classes() {
  return model::load_checkpoint(testing::golden("train-50/initial")).config().id2label;
}

struct Beginning {
  std::filesystem::path model = testing::golden("train-50/initial");
  bool has_name_of_run = false;
};

// Trains `ranks` thread ranks into `folder`.
inline void train_on(int ranks, const std::filesystem::path& folder, const preprocess::PixelStore& images,
                     const TrainOptions& options, const TrainingHooks& hooks = {},
                     comm::RankMemory memory = comm::RankMemory::kApart, const Beginning& beginning = {},
                     const std::string& images_digest = "digest") {
  const store::RunDirectory run{folder};
  const auto preprocessor = testing::golden_preprocessor();
  const auto body = [&](comm::Communicator& communicator) {
    at::set_num_threads(options.threads);
    const auto cache = testing::cache_of(images, preprocessor);
    train(run,
          {model::load_for_fine_tuning(beginning.model, golden_classes(), 42), *cache, preprocessor,
           images_digest, beginning.has_name_of_run},
          options, {communicator, communicator}, hooks);
  };
  comm::run_as_thread_ranks(ranks, body, memory);
}

inline TrainOptions short_options() {
  TrainOptions options = options_of("decay-and-clip");
  options.max_steps = 11;
  options.batch_size = 7;  // of 20 images: epochs end in short batches
  options.save_steps = 4;
  options.logging_steps = 3;  // not aligned with checkpoints: the sums must be saved
  options.resume_every = 0;   // each of them can be gone on from
  return options;
}

}  // namespace zoetrope::train
