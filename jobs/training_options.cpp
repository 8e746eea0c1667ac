// SPDX-License-Identifier: Apache-2.0
// The model that a training begins with, and how it goes on.
#include <charconv>
#include <cstdint>
#include <system_error>

#include "zoetrope/support/error.hpp"

#include "option.hpp"
#include "option_groups.hpp"
#include "option_values.hpp"
#include "words.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

const Words<preprocess::Augmentation> kAugmentations = {{"none", preprocess::Augmentation::kNone},
                                                        {"flip-crop", preprocess::Augmentation::kFlipCrop}};
const Words<train::SaveMode> kSaveModes = {{"full", train::SaveMode::kFull},
                                           {"in-situ", train::SaveMode::kInSitu}};
const Words<train::GraphMode> kGraphModes = {
    {"auto", train::GraphMode::kAuto}, {"on", train::GraphMode::kOn}, {"off", train::GraphMode::kOff}};

// --trace-steps A:B, both included.
po::typed_value<std::string>* step_range(support::Range& target) {
  constexpr std::int64_t kMostSteps = 100;
  return po::value<std::string>()->value_name("A:B")->notifier([&target](const std::string& asked) {
    const char* const end = asked.data() + asked.size();
    std::int64_t first = 0, last = 0;
    const auto [colon, error] = std::from_chars(asked.data(), end, first);
    const bool has_colon = error == std::errc{} && colon != end && *colon == ':';
    const auto [rest, last_error] = has_colon ? std::from_chars(colon + 1, end, last)
                                              : std::from_chars_result{colon, std::errc::invalid_argument};
    if (last_error != std::errc{} || rest != end || first < 1 || last < first || last - first >= kMostSteps)
      throw UsageError("--trace-steps " + asked + ": give the first and the last step, e.g. 5:6, of " +
                       std::to_string(kMostSteps) + " at most");
    target = {first, last + 1};
  });
}

}  // namespace

po::options_description describe_model(Options& o) {
  po::options_description group("Model", kLineLength);
  const OptionAdder add(group);
  add("model", place(o.pipeline.model, "PATH"),
      "a Hugging Face ViT folder, a model's name on the Hub that is in the Hugging Face cache, or a "
      "config.json alone for a random start; default: a small ViT",
      kCommon);
  return group;
}

po::options_description describe_training(Options& o) {
  po::options_description group("Training (defaults as Hugging Face's Trainer)", kLineLength);
  const OptionAdder add(group);
  add("max-steps", field(o.pipeline.training.max_steps, "N"), "optimizer steps; 0: as --epochs says");
  add("epochs", real(o.pipeline.epochs, "3"), "passes over the training images", kCommon);
  add("batch-size", field(o.pipeline.training.batch_size, "N"), "images per optimizer step, over all ranks",
      kCommon);
  add("micro-batch", field(o.pipeline.training.micro_batch, "N"),
      "images per forward pass on a rank; 0: what fits");
  add("learning-rate", real(o.pipeline.training.learning_rate, "5e-5"), "peak learning rate", kCommon);
  add("weight-decay", real(o.pipeline.training.weight_decay, "0"), "AdamW's weight decay");
  add("warmup-ratio", real(o.pipeline.training.warmup_ratio, "0.1"),
      "part of the steps in which the learning rate rises");
  add("max-grad-norm", real(o.pipeline.training.max_grad_norm, "1"), "gradient clipping; 0: none");
  add("seed", seed(o.pipeline.training.seed),
      "of the order of images, augmentation, a random start, and which images limits and samples take");
  add("save-steps", field(o.pipeline.training.save_steps, "N"), "a checkpoint, and so a frame, every N steps",
      kCommon);
  add("logging-steps", field(o.pipeline.training.logging_steps, "N"), "a line of log.csv every N steps");
  add("augment", choice(o.pipeline.training.augmentation, "augment", "A", kAugmentations),
      "none, or flip-crop (RandomResizedCrop and flip, as torchvision)");
  add("save", choice(o.pipeline.training.save, "save", "MODE", kSaveModes),
      "full: every checkpoint is a model; in-situ: embed while training, keep the last model");
  add("cuda-graph", choice(o.pipeline.training.graph, "cuda-graph", "MODE", kGraphModes),
      "on GPUs, a step of a full batch is one captured graph: on, off, or auto: where it can be captured");
  add("resume-every", real(o.pipeline.training.resume_every, "120"),
      "seconds of training that a job that dies loses at most: what it goes on from is saved so often, after "
      "a signal, and at the end; 0: with every checkpoint");
  add("pretend-preemption", real(o.pipeline.pretend_preemption, "0"),
      "tries what a time limit does: after so many seconds of training it is told to stop, as Slurm does, "
      "saves, and ends with code 75; 0: not",
      kNotKept);
  add("keep-optimizer", field(o.pipeline.training.keep_optimizer, "N"),
      "newest checkpoints that keep the optimizer's state, of those that got it");
  add("trace-steps", step_range(o.trace_steps),
      "with --trace: steps A to B with each operation of libtorch and each kernel", kNotKept);
  return group;
}

}  // namespace zoetrope::jobs
