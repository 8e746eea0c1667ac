// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/data/sampler.hpp"
#include "zoetrope/embed/extract.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/train/same_model.hpp"
#include "zoetrope/train/trainer.hpp"

#include "class_columns.hpp"
#include "extraction_input.hpp"
#include "forecast.hpp"
#include "memory_plan.hpp"
#include "pretended_preemption.hpp"
#include "region_classifier.hpp"
#include "tensorboard.hpp"

namespace zoetrope::pipeline {

namespace {

train::TrainOptions training_options(const Session& session, std::int64_t num_images) {
  train::TrainOptions training = session.options().training;
  data::Sampler sampler;
  sampler.num_images = num_images;
  sampler.batch_size = training.batch_size;
  if (training.max_steps == 0)
    training.max_steps = train::steps_of_epochs(session.options().epochs, sampler.steps_per_epoch());
  training.precision = session.precision();
  training.threads = session.threads();
  return training;
}

// A classifier of one class is right whatever it learns.
void require_two_classes(const data::Dataset& images, const Session& session) {
  const auto& names = images.class_names();
  if (names.size() < 2)
    throw InputError("--data " + session.options().data.spec + ": holds one class alone, \"" + names.at(0) +
                     "\", and a classifier tells two or more apart: add the images of another class");
  for (std::int64_t i = 1; i < images.size(); ++i)
    if (images.label(i) != images.label(0)) return;
  if (session.is_root())
    support::log_warning("--data " + session.options().data.spec + ": the " + std::to_string(images.size()) +
                         " training images are all of one class of " + std::to_string(names.size()) + ", \"" +
                         names.at(static_cast<std::size_t>(images.label(0))) +
                         "\", and nothing can be told apart by them (a higher --train-limit takes more)");
}

// Images at each checkpoint.
std::int64_t num_embedded(Session& session) {
  return session.test().size() + (session.shows_training() ? session.train_sample().size() : 0);
}

// What is embedded at each checkpoint: one for each split that is shown.
std::vector<embed::ExtractionInput> extraction_inputs(Session& session) {
  std::vector<embed::ExtractionInput> inputs;
  for (const store::EmbeddedSplit split : splits_of(session))
    inputs.push_back(extraction_input(session, split));
  return inputs;
}

using OnEmbedded = std::function<void(std::int64_t step)>;

// Embeds with each checkpoint while its model is in memory, and adds those to `embedded` of which nothing is
// left to be computed. `on_embedded` may be empty.
train::CheckpointHook embedding_hook(Session& session, store::StageTime& embedding,
                                     std::vector<std::int64_t>& embedded, std::int64_t last_step,
                                     const OnEmbedded& on_embedded) {
  return [&session, &embedding, &embedded, inputs = extraction_inputs(session), last_step,
          on_embedded](const model::CheckpointInMemory& made) {
    const support::Stopwatch watch;
    session.set_stage("embedding with checkpoint-" + std::to_string(made.step));
    bool is_done = true;
    for (const embed::ExtractionInput& input : inputs) {
      if (!is_done) break;
      const auto num_images = embed::extract_in_memory(session.run(), made, input, session.communicator());
      is_done = num_images.has_value();
      embedding.items += num_images.value_or(0);
    }
    embedding.seconds += watch.seconds();
    if (!is_done) return;
    embedded.push_back(made.step);
    if (on_embedded && session.is_root() && made.step < last_step)
      made.once_written(0, [on_embedded, step = made.step](const std::string&) { on_embedded(step); });
  };
}

// In situ the models of frames go, so that what is to be made of them must be there, and of these images,
// before the training goes on: later nothing could make it again.
void look_after_frames(Session& session, train::TrainOptions& options, train::TrainingHooks& hooks) {
  if (options.save != train::SaveMode::kInSitu) return;
  // Shared: options are copied with every checkpoint that is written.
  const auto inputs = std::make_shared<const std::vector<embed::ExtractionInput>>(extraction_inputs(session));
  options.is_embedded = [inputs](const std::filesystem::path& folder) {
    return std::ranges::all_of(*inputs, [&](const embed::ExtractionInput& input) {
      return embed::has_embeddings(folder, input.split, input.dataset_digest);
    });
  };
  hooks.on_start = [&session, inputs](std::int64_t start) {
    auto steps = session.checkpoint_steps();
    std::erase_if(steps, [&](std::int64_t step) { return step > start; });
    session.set_stage("looking at the frames that are there");
    for (const embed::ExtractionInput& input : *inputs)
      embed::require_embeddable(session.run(), steps, input, session.communicator());
  };
}

// Of `steps` those whose embeddings are all sealed. Collective.
void add_embedded_steps(Session& session, const std::vector<std::int64_t>& steps) {
  const auto splits = splits_of(session);
  for (const std::int64_t step : steps) {
    const bool is_whole = session.is_root() && std::ranges::all_of(splits, [&](store::EmbeddedSplit split) {
                            return store::is_seal_finished(session.run().checkpoint(step), split);
                          });
    if (comm::broadcast_scalar(session.communicator(), is_whole ? 1 : 0, 0) != 0) session.add_embedded(step);
  }
}

model::Vit start_model(Session& session, const std::vector<std::string>& classes) {
  const std::string& source = session.options().model;
  session.set_stage("reading the model");
  const int image_side = session.preprocessor().output_height();
  std::optional<model::Vit> model;
  comm::do_unless_asked(session.communicator(), "nothing is trained yet; run the same command again", [&] {
    model = model::load_for_fine_tuning(source, classes, session.options().training.seed, image_side,
                                        session.options().base);
  });
  order_classifier(session, classes, *model);
  train::agree_on_model(*model, "--model " + source, session.communicator());
  model::require_no_dropout(model->config(), source);
  require_regions(session.options(), model->config());
  return session.device().is_cpu() ? *model : model->to(session.device());
}

train::TrainingResult train_or_say_how_long_saving_took(Session& session, train::TrainingInput input,
                                                        const train::TrainOptions& options,
                                                        const train::TrainingHooks& hooks,
                                                        const PretendedPreemption& preemption) {
  try {
    auto result = train::train(session.run(), std::move(input), options, session.communicators(), hooks);
    if (const std::string missed = preemption.when_not_saved(); !missed.empty()) support::log_warning(missed);
    return result;
  } catch (const Interrupted& interrupted) {
    if (!preemption.has_come()) throw;
    throw Interrupted(interrupted.what() + preemption.when_saved());
  }
}

// log.csv would have no line, and the curves of loss and accuracy no point.
void warn_of_empty_log(const Session& session, const train::TrainOptions& options) {
  const bool is_done = session.run().newest_resume_point() >= options.max_steps;
  if (!session.is_root() || is_done || options.logging_steps <= options.max_steps) return;
  support::log_warning("--logging-steps " + std::to_string(options.logging_steps) + " is more than the " +
                       std::to_string(options.max_steps) +
                       " steps of the training: log.csv gets no line, and the pictures no curve of the loss");
}

// What is not enough for the analysis at the end is not found there.
void require_memory_for_analysis(Session& session, const model::VitConfig& model,
                                 const train::TrainOptions& options) {
  AnalysisSizes sizes;
  sizes.checkpoints = options.num_frames();
  sizes.rows = num_embedded(session);
  sizes.columns = model.hidden_size;
  sizes.logits = model.num_labels();
  sizes.has_predictions = true;
  require_memory(session, sizes);
}

enum class Then { kEnd, kAnalysis };

void finetune(Session& session, bool embeds, Then then, const OnEmbedded& on_embedded) {
  const data::Dataset& images = session.train();
  const auto& classes = images.class_names();
  require_two_classes(images, session);
  auto options = training_options(session, images.size());
  train::TrainingInput input{start_model(session, classes), session.train_images(), session.preprocessor(),
                             images.digest(), session.options().model_has_name_of_run};
  if (then == Then::kAnalysis) require_memory_for_analysis(session, input.model.config(), options);
  // Before the first checkpoint, so that a job that is killed finds its options again.
  if (session.checkpoint_steps().empty()) session.keep_options();
  store::StageTime embedding{"embedding", 0, 0, "images"};
  announce_training(session, input.model.config(), options, embeds);
  warn_of_empty_log(session, options);
  Forecast forecast(session, options, embedding, embeds ? num_embedded(session) : 0);
  train::TrainingHooks hooks;
  PretendedPreemption preemption(session.is_root() ? session.options().pretend_preemption : 0);
  hooks.on_stage = [&](const std::string& stage) {
    forecast.step();
    preemption.training_goes_on();
    session.keep_options();  // the first step: what was there to resume from has been compared with them
    session.set_stage(stage);
  };
  hooks.on_log = tensorboard_hook(session, images.size());
  look_after_frames(session, options, hooks);
  std::vector<std::int64_t> embedded;
  if (embeds)
    hooks.on_checkpoint = embedding_hook(session, embedding, embedded, options.max_steps, on_embedded);
  const auto result =
      train_or_say_how_long_saving_took(session, std::move(input), options, hooks, preemption);
  add_embedded_steps(session, embedded);
  session.keep_options();  // there may have been no step left
  session.add_stage({"training", result.seconds - embedding.seconds, result.images, "images"});
  if (embedding.items > 0) session.add_stage(embedding);
}

}  // namespace

void finetune(Session& session) {
  finetune(session, session.options().training.save == train::SaveMode::kInSitu, Then::kEnd, {});
}

void finetune_and_embed(Session& session, const OnEmbedded& on_embedded) {
  finetune(session, true, Then::kAnalysis, on_embedded);
}

}  // namespace zoetrope::pipeline
