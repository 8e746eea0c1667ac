// SPDX-License-Identifier: Apache-2.0
#include "forecast.hpp"

#include <algorithm>
#include <string>

#include "zoetrope/model/cost.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/text.hpp"

#include "title.hpp"

namespace zoetrope::pipeline {

using support::format_count;

namespace {

constexpr double kEnough = 3;        // seconds of steps that are timed
constexpr std::int64_t kFewest = 3;  // steps
constexpr double kWorthSaying = 10;  // seconds that are left

}  // namespace

void announce_training(Session& session, const model::VitConfig& model, const train::TrainOptions& options,
                       bool embeds) {
  const data::Dataset& images = session.train();
  std::string embedded;
  if (embeds && session.shows_training())
    embedded = ", " + format_count(session.test().size()) + " test and " +
               format_count(session.train_sample().size()) + " training images embedded at each";
  else if (embeds)
    embedded = ", " + format_count(session.test().size()) + " test images embedded at each";
  if (!session.is_root() || session.run().newest_resume_point() >= options.max_steps) return;
  std::string model_name = "a small ViT";
  for (const auto& [name, value] : session.options().kept)
    if (name == "model") model_name = name_of_model(value);
  const std::string frames = format_count(options.num_frames());
  support::log_info("fine-tuning " + model_name + " (" + format_count(model::num_parameters(model)) +
                    " parameters) on " + format_count(images.size()) + " images of " +
                    format_count(static_cast<std::int64_t>(images.class_names().size())) + " classes: " +
                    format_count(options.max_steps) + " steps of " + format_count(options.batch_size) +
                    " images, " + frames + " checkpoints" + embedded + ", on " + session.place());
}

Forecast::Forecast(const Session& session, const train::TrainOptions& options,
                   const store::StageTime& embedding, std::int64_t num_tests)
    : is_root_(session.is_root()), options_(options), embedding_(embedding), num_tests_(num_tests) {
  if (is_root_) first_ = std::max<std::int64_t>(0, session.run().newest_resume_point());
}

std::string Forecast::time_left() const {
  const double training = watch_.seconds() - (embedding_.seconds - embedding_before_);
  const std::int64_t timed = begun_ - 2, done = first_ + begun_ - 1;
  double seconds = training / static_cast<double>(timed) * static_cast<double>(options_.max_steps - done);
  // Of embedding, too, where it has been seen.
  const std::int64_t frames_to_come = options_.num_frames() - options_.num_frames(done);
  if (embedding_.items > 0)
    seconds += embedding_.seconds / static_cast<double>(embedding_.items) *
               static_cast<double>(frames_to_come * num_tests_);
  return seconds < kWorthSaying ? "" : support::format_duration(seconds);
}

void Forecast::step() {
  if (is_said_ || !is_root_) return;
  ++begun_;
  if (begun_ <= 2) {
    watch_ = {};
    embedding_before_ = embedding_.seconds;
    return;
  }
  if (begun_ - 2 < kFewest || watch_.seconds() < kEnough) return;
  is_said_ = true;
  const std::string left = time_left();
  if (left.empty()) return;
  support::log_info("training" + std::string(embedding_.items > 0 ? " and embedding" : "") +
                    " will take about " + left + " more");
}

}  // namespace zoetrope::pipeline
