// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/train/trainer.hpp"

#include "class_columns.hpp"
#include "default_model.hpp"
#include "jobs.hpp"

namespace zoetrope::jobs {

namespace {

train::GraphMode graph_mode(const std::string& word) {
  if (word == "on") return train::GraphMode::kOn;
  return word == "off" ? train::GraphMode::kOff : train::GraphMode::kAuto;
}

train::TrainOptions training_options(const Options& options, std::int64_t num_images,
                                     const Context& context) {
  train::TrainOptions training;
  const std::int64_t steps_per_epoch = (num_images + options.batch_size - 1) / options.batch_size;
  training.max_steps =
      options.has_max_steps() ? options.max_steps : train::steps_of_epochs(options.epochs, steps_per_epoch);
  training.batch_size = options.batch_size;
  training.micro_batch = options.micro_batch;
  training.learning_rate = options.learning_rate;
  training.weight_decay = options.weight_decay;
  training.warmup_ratio = options.warmup_ratio;
  training.max_grad_norm = options.max_grad_norm;
  training.seed = options.seed;
  training.save_steps = options.save_steps;
  training.logging_steps = options.logging_steps;
  training.keep_optimizer = options.keep_optimizer;
  training.save = options.save == "in-situ" ? train::SaveMode::kInSitu : train::SaveMode::kFull;
  training.augment = options.augment;
  training.precision = context.precision();
  training.threads = context.threads();
  training.graph = graph_mode(options.cuda_graph);
  return training;
}

train::TrainingHooks training_hooks(Context& context) {
  train::TrainingHooks hooks;
  hooks.on_stage = [&context](const std::string& stage) {
    context.keep_options();  // the first step: what was there to resume from has been compared with them
    context.set_stage(stage);
  };
  if (context.options().save != "in-situ") return hooks;
  hooks.on_checkpoint = [&context, input = extraction_input(context)](std::int64_t step, double epoch,
                                                                      const model::Vit& model) {
    embed::extract_in_situ(context.run(), step, epoch, model, input, context.communicator());
  };
  return hooks;
}

// A classifier of one class is right whatever it learns.
void require_two_classes(const data::Dataset& images, const Context& context) {
  const auto& names = images.class_names();
  if (names.size() < 2)
    throw InputError("--data " + context.options().data + ": holds one class alone, \"" + names.at(0) +
                     "\", and a classifier tells two or more apart: add the images of another class");
  for (std::int64_t i = 1; i < images.size(); ++i)
    if (images.label(i) != images.label(0)) return;
  if (context.is_root())
    support::log_warning("--data " + context.options().data + ": the " + std::to_string(images.size()) +
                         " training images are all of one class of " + std::to_string(names.size()) + ", \"" +
                         names.at(static_cast<std::size_t>(images.label(0))) +
                         "\", and nothing can be told apart by them (a higher --train-limit takes more)");
}

}  // namespace

void finetune(Context& context) {
  Split& train = context.train();
  const auto& classes = train.dataset->class_names();
  require_two_classes(*train.dataset, context);
  const auto options = training_options(context.options(), train.size(), context);
  context.set_stage("reading the model");
  model::Vit model = model::load_for_fine_tuning(context.options().model, classes, context.options().seed,
                                                 /*image_side=*/context.preprocessor().output_height());
  model::require_no_dropout(model.config(), context.options().model);
  order_classifier(context, classes, model);
  if (!context.device().is_cpu()) model = model.to(context.device());

  train::TrainingInput input{std::move(model), *train.images, context.preprocessor(),
                             train.dataset->digest()};
  // Before the first checkpoint, so that a job that is killed finds its options again.
  if (context.checkpoint_steps().empty()) context.keep_options();
  const auto result = train::train(context.run(), std::move(input), options, context.communicators(),
                                   training_hooks(context));
  context.keep_options();  // there may have been no step left
  context.add_stage(
      {"training", result.seconds, (result.last_step - result.first_step) * options.batch_size, "images"});
}

}  // namespace zoetrope::jobs
