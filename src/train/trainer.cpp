// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/trainer.hpp"

#include <filesystem>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/compute/own_stream.hpp"
#include "zoetrope/compute/step_trace.hpp"
#include "zoetrope/data/sampler.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/support/text.hpp"
#include "zoetrope/support/trace.hpp"

#include "captured_step.hpp"
#include "optimizer.hpp"
#include "saver.hpp"
#include "schedule.hpp"
#include "soundness.hpp"
#include "start.hpp"
#include "state.hpp"

namespace zoetrope::train {
namespace {

support::Json identity_of(const TrainOptions& options, const std::string& dataset_digest) {
  support::Json identity = options.identity();
  identity[kImagesKey] = dataset_digest;
  return identity;
}

data::Sampler sampler_of(const TrainOptions& options, std::int64_t num_images) {
  data::Sampler sampler;
  sampler.seed = options.seed;
  sampler.num_images = num_images;
  sampler.batch_size = options.batch_size;
  return sampler;
}

// One training run of this process. Everything that decides which collective comes next is the same on every
// rank: options, the reduced StepResult, and the step to resume from, which rank 0 broadcasts.
class Loop {
 public:
  Loop(const store::RunDirectory& run, TrainingInput input, const TrainOptions& options,
       Communicators communicators, const TrainingHooks& hooks)
      : stream_(input.model.flat().device(), compute::StreamPriority::kHigh),
        run_(run),
        options_(options),
        tensors_(communicators.tensors),
        control_(communicators.control),
        hooks_(hooks),
        schedule_(options.learning_rate, options.warmup_ratio, options.max_steps),
        sampler_(sampler_of(options, input.images.labels().size(0))),
        state_(make_state(std::move(input.model), tensors_)),
        optimizer_(state_, options.weight_decay, tensors_),
        steps_(state_.model, input.images, input.preprocessor, options.precision, options.threads,
               (options.batch_size + control_.size() - 1) / control_.size(), options.micro_batch,
               state_.share, tensors_),
        update_(steps_, optimizer_, options.max_grad_norm, state_.share, tensors_),
        captured_(update_, steps_, state_.model, options, input.images.labels().size(0), communicators),
        identity_(identity_of(options, input.dataset_digest)),
        has_name_of_run_(input.model_has_name_of_run),
        saver_(run, options, sampler_.steps_per_epoch(), identity_, input.preprocessor.to_json(), control_),
        resume_clock_(options.resume_every, options.save_steps) {
    tensors_.register_buffer(steps_.gradient());
  }

  TrainingResult train();

 private:
  std::int64_t resume();
  void train_step(std::int64_t step);
  void read_sums();
  void log_line(std::int64_t step, double learning_rate);
  bool agree_on_resume_point(std::int64_t done);
  void show_start(std::int64_t found);
  void save_after_hook(std::int64_t done, bool is_resume_point);
  void save_at_rest(std::int64_t done);
  [[noreturn]] void stop_at(std::int64_t step);
  void save(std::int64_t step, bool is_resume_point);
  bool is_root() const { return control_.rank() == 0; }

  compute::OwnStream stream_;  // before all that queues work on the device
  const store::RunDirectory& run_;
  const TrainOptions& options_;
  comm::Communicator& tensors_;
  comm::Communicator& control_;
  const TrainingHooks& hooks_;
  LinearSchedule schedule_;
  data::Sampler sampler_;
  TrainingState state_;
  AdamW optimizer_;
  StepRunner steps_;
  Update update_;  // its sums: since the last line of the log
  CapturedStep captured_;
  support::Json identity_;
  bool has_name_of_run_;  // the model: see TrainingInput
  Saver saver_;

  std::optional<store::LossLog> log_;       // rank 0
  std::vector<store::LossRecord> history_;  // rank 0
  ResumeClock resume_clock_;                // rank 0
  support::Stopwatch since_start_;          // of the first step of this job
  IntervalSums sums_;                       // up to the last time the device was read
  double norms_ = 0;                        // the sum of the gradients' norms over the same steps
  LocalBatch last_batch_;                   // of the step done last
  std::int64_t images_ = 0, images_since_log_ = 0;
  support::Stopwatch interval_;  // since the last line of the log
  bool stop_ = false;
  std::vector<std::int64_t> next_batch_;  // its images are being made
};

std::int64_t Loop::resume() {
  Start start = agree_on_start(run_, options_, identity_, control_);
  std::int64_t found = start.step;
  // Nothing is trained yet: the start is made again, of the model and the seed that are asked for now.
  if (found == 0 && !start.has_frames) found = -1;
  if (is_root()) support::remove_leftovers(run_.root);
  if (found >= 0) {
    const c10::NoGradGuard no_grad;
    const auto stored = read_start(start, run_, {state_.model, has_name_of_run_}, identity_, control_);
    write_state(state_, tensors_, [&] {
      state_.model.flat().copy_(stored.model.flat());
      if (!stored.point.exp_avg.defined()) return;
      state_.exp_avg.copy_(stored.point.exp_avg);
      state_.exp_avg_sq.copy_(stored.point.exp_avg_sq);
    });
    optimizer_.set_step(found);
    sums_ = stored.point.sums;
    update_.sums()[0] = sums_.loss;
    update_.sums()[1] = sums_.correct;
  }
  if (hooks_.on_start) hooks_.on_start(found);
  if (is_root()) {
    for (const auto& folder : start.damaged) support::remove_folder(folder);
    if (found >= 0) prune_checkpoints(run_, found, options_);  // a kill may have come between a save and that
    history_ = logged_until(run_, found, start.folder);
    log_.emplace(run_.log_csv(), history_);
    if (hooks_.on_log) hooks_.on_log(history_);
    if (found > 0 && found < options_.max_steps)
      support::log_info("training goes on from " + start.folder.filename().string());
  }
  return found;
}

void Loop::save(std::int64_t step, bool is_resume_point) {
  read_sums();
  require_finite(step, sums_, norms_);
  if (last_batch_.batch_size > 0) require_sound(step, state_, steps_, last_batch_, control_);
  if (is_resume_point) resume_clock_.saved(since_start_.seconds());
  // After a signal there is no time for what can be made later of the files.
  saver_.save(step, state_, sums_, history_, is_resume_point,
              stop_ ? CheckpointHook() : hooks_.on_checkpoint);
}

void Loop::log_line(std::int64_t step, double learning_rate) {
  read_sums();
  const double loss = sums_.loss / static_cast<double>(sums_.steps);
  require_finite(step, sums_, norms_);
  if (is_root()) {
    const store::LossRecord record{step,
                                   saver_.epoch_of(step),
                                   loss,
                                   learning_rate,
                                   update_.grad_norm().item<double>(),
                                   sums_.correct / static_cast<double>(sums_.images),
                                   static_cast<double>(images_since_log_) / interval_.seconds()};
    log_->append(record);
    history_.push_back(record);
    if (hooks_.on_log) hooks_.on_log({&record, 1});
  }
  sums_ = {};
  update_.sums().zero_();
  images_since_log_ = 0;
  interval_ = {};
}

// The device is waited for only where its numbers are needed: at a line of the log and at a checkpoint.
void Loop::read_sums() {
  const trace::Span span("waiting for the device");
  const at::Tensor sums = update_.sums().to(at::kCPU);
  sums_.loss = sums[0].item<double>();
  sums_.correct = sums[1].item<double>();
  norms_ = sums[2].item<double>();
}

void Loop::train_step(std::int64_t step) {
  const compute::StepTrace traced(step + 1, options_.max_steps);
  const std::vector<std::int64_t> batch = std::move(next_batch_);
  if (step + 1 < options_.max_steps) {
    next_batch_ = sampler_.batch(step + 1);
    steps_.prefetch(next_batch_, (step + 1) / sampler_.steps_per_epoch());
  }
  const double learning_rate = schedule_.at(step);
  optimizer_.set_learning_rate(learning_rate);
  last_batch_ = steps_.load(batch, step / sampler_.steps_per_epoch());
  captured_.run(last_batch_);
  sums_.steps += 1;
  for (std::int64_t* const count : {&sums_.images, &images_since_log_, &images_}) *count += std::ssize(batch);
  const std::int64_t done = step + 1;
  const bool is_resume_point = agree_on_resume_point(done);
  if (done % options_.logging_steps == 0) log_line(done, learning_rate);
  if (is_resume_point || options_.is_frame(done)) save(done, is_resume_point);
  if (hooks_.on_checkpoint && options_.is_frame(done)) save_after_hook(done, is_resume_point);
}

// What is made of a checkpoint ends early after a signal, and this step is the last then.
void Loop::save_after_hook(std::int64_t done, bool is_resume_point) {
  if (stop_ || !comm::is_asked_to_stop(control_)) return;
  stop_ = true;
  if (!is_resume_point) save_at_rest(done);
}

// Where the queue may hold the frame of this step, which is then added to.
void Loop::save_at_rest(std::int64_t done) {
  stop_ = true;
  saver_.wait();
  save(done, true);
}

// At the end, after a signal to any rank, and when rank 0's clock says so.
bool Loop::agree_on_resume_point(std::int64_t done) {
  const bool is_due = is_root() && resume_clock_.is_due(options_.is_frame(done), since_start_.seconds());
  const at::Tensor asked = at::tensor({support::received_signal(), is_due ? 1 : 0}, at::kLong);
  control_.all_reduce(asked, comm::ReduceOp::kMax);
  stop_ = asked[0].item<std::int64_t>() != 0;
  return stop_ || done == options_.max_steps || asked[1].item<std::int64_t>() != 0;
}

// What is made of the checkpoint that training starts from; after a signal, nothing else.
void Loop::show_start(std::int64_t found) {
  if (found < 0) {
    save(0, false);
  } else if (options_.is_frame(found)) {
    // An earlier attempt may have ended between the checkpoint and what the hook makes of it.
    saver_.show(found, state_.model, hooks_.on_checkpoint);
  }
  if (hooks_.on_checkpoint && found < options_.max_steps && comm::is_asked_to_stop(control_)) stop_at(found);
}

void Loop::stop_at(std::int64_t step) {
  saver_.wait();
  throw Interrupted("interrupted: " +
                    (step > 0 ? "the training is saved at step " + std::to_string(step)
                              : std::string("nothing is trained yet")) +
                    "; run the same command again to go on");
}

TrainingResult Loop::train() {
  const std::int64_t found = resume();
  TrainingResult result{std::max<std::int64_t>(found, 0), options_.max_steps};
  if (found > options_.max_steps)
    throw UsageError(run_.root.string() + " has trained " + std::to_string(found) +
                     " steps already, more than the " + std::to_string(options_.max_steps) +
                     " asked for: use another --run");
  const support::Stopwatch watch;
  show_start(found);
  interval_ = since_start_ = {};
  {
    support::Progress progress("training", options_.max_steps, "steps");
    progress.update(result.first_step);
    next_batch_ = sampler_.batch(result.first_step);
    for (std::int64_t step = result.first_step; step < options_.max_steps; ++step) {
      if (hooks_.on_stage) hooks_.on_stage("training, step " + std::to_string(step + 1));
      try {
        train_step(step);
      } catch (const Interrupted&) {  // all ranks have given the step up
        if (step > result.first_step) save_at_rest(step);
        stop_at(step);
      }
      progress.update(step + 1,
                      history_.empty() ? "" : "loss " + support::format_fixed(history_.back().loss, 4));
      if (stop_ && step + 1 < options_.max_steps) stop_at(step + 1);
    }
  }
  saver_.wait();  // no rank reads checkpoints before rank 0 has written the last
  if (hooks_.on_checkpoint && comm::is_asked_to_stop(control_)) stop_at(options_.max_steps);
  result.images = images_;
  result.seconds = watch.seconds();
  return result;
}

}  // namespace

TrainingResult train(const store::RunDirectory& run, TrainingInput input, const TrainOptions& options,
                     Communicators communicators, const TrainingHooks& hooks) {
  return Loop(run, std::move(input), options, communicators, hooks).train();
}

}  // namespace zoetrope::train
