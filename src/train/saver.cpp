// SPDX-License-Identifier: Apache-2.0
#include "saver.hpp"

#include <filesystem>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/compute/host_copy.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::train {

namespace fs = std::filesystem;

namespace {

// Of copies that are not written yet; a model that is larger is copied when all before it is written. A
// checkpoint is up to three tasks: its files, embeddings, their sealing. A few of them bridge a disk that
// pauses; where it is slower than the training, more would only lag behind.
constexpr std::int64_t kBytesInQueue = std::int64_t{2} << 30;
constexpr std::size_t kTasksInQueue = 24;

// Training goes on, and changes the tensor. From a device it is still under way when it is queued.
compute::HostCopy copy_of(const at::Tensor& tensor) {
  return compute::HostCopy(tensor.clone());
}

}  // namespace

// What is written of a training's state; moments where it can be gone on from.
struct Saver::Copies {
  compute::HostCopy values, exp_avg, exp_avg_sq;
};

bool ResumeClock::is_due(bool is_frame, double now) {
  ++steps_;
  if (interval_ <= 0) return is_frame;
  if (!is_frame) return now - saved_ >= interval_;
  const double next_frame = now + now / static_cast<double>(steps_) * static_cast<double>(save_steps_);
  return next_frame - saved_ > interval_;
}

Saver::Saver(const store::RunDirectory& run, const TrainOptions& options, std::int64_t steps_per_epoch,
             support::Json identity, support::Json preprocessor, comm::Communicator& control)
    : run_(run),
      options_(options),
      steps_per_epoch_(steps_per_epoch),
      identity_(std::move(identity)),
      preprocessor_(std::move(preprocessor)),
      control_(control),
      queue_(kTasksInQueue, kBytesInQueue, comm::may_be_killed_soon, [this] { leave_device(); }) {}

void Saver::save(std::int64_t step, const TrainingState& state, const IntervalSums& sums,
                 const std::vector<store::LossRecord>& history, bool is_resume_point,
                 const CheckpointHook& hook) {
  std::optional<std::string> known;  // of what is there already
  const auto digest = std::make_shared<std::string>();
  if (control_.rank() == 0) {
    if (options_.is_frame(step)) known = stored_digest(step, state.model, is_resume_point);
    if (known) *digest = *known;
    if (!known || is_resume_point)
      write(content_of(step, sums, history, is_resume_point), state, known.has_value(), is_resume_point,
            digest);
  }
  if (hook && options_.is_frame(step)) hook(in_memory(step, state.model, known, digest));
}

void Saver::show(std::int64_t step, const model::Vit& model, const CheckpointHook& hook) {
  if (!hook) return;
  std::optional<std::string> known;
  if (control_.rank() == 0) known = model::StoredModel(run_.checkpoint(step)).digest();
  // Without one, as older versions wrote it, the file must be read to know whether it is embedded already.
  if (comm::broadcast_scalar(control_, known ? 1 : 0, 0) == 0) return;
  hook(in_memory(step, model, known, std::make_shared<std::string>(known.value_or(""))));
}

void Saver::wait() {
  if (comm::may_be_killed_soon()) queue_.leave_to_heir();
  queue_.wait();
  control_.barrier();
}

// `digest` is the queue's: a task of it writes it, and later ones read it.
model::CheckpointInMemory Saver::in_memory(std::int64_t step, const model::Vit& model,
                                           std::optional<std::string> known,
                                           const std::shared_ptr<std::string>& digest) {
  return {step, epoch_of(step), model, std::move(known),
          [this, digest](std::int64_t bytes, std::function<void(const std::string&)> task) {
            queue_.push(bytes, [digest, task = std::move(task)] { task(*digest); });
          }};
}

// The whole log is in what can be gone on from alone: in every frame it would grow with the square of their
// number.
CheckpointContent Saver::content_of(std::int64_t step, const IntervalSums& sums,
                                    const std::vector<store::LossRecord>& history,
                                    bool is_resume_point) const {
  CheckpointContent content;
  content.step = step;
  content.sums = sums;
  content.identity = identity_;
  content.preprocessor = preprocessor_;
  content.trainer_state = store::to_json(
      {step, epoch_of(step), options_.max_steps, steps_per_epoch_, options_.logging_steps,
       options_.save_steps, options_.batch_size},
      is_resume_point || history.empty() ? history : std::vector<store::LossRecord>{history.back()});
  return content;
}

void Saver::write(CheckpointContent content, const TrainingState& state, bool is_there, bool is_resume_point,
                  std::shared_ptr<std::string> digest) {
  const c10::NoGradGuard no_grad;
  const auto copies = std::make_shared<Copies>();
  copies->values = copy_of(state.model.flat());
  const bool has_moments = is_resume_point && content.step > 0;
  if (has_moments) {
    copies->exp_avg = copy_of(state.exp_avg);
    copies->exp_avg_sq = copy_of(state.exp_avg_sq);
  }
  std::erase_if(queued_, [](const auto& earlier) { return earlier.expired(); });
  queued_.push_back(copies);
  const fs::path folder =
      options_.is_frame(content.step) ? run_.checkpoint(content.step) : run_.resume(content.step);
  // The task changes nothing that it holds: an heir begins it once more where this process has begun it.
  queue_.push((has_moments ? 3 : 1) * static_cast<std::int64_t>(state.model.flat().nbytes()),
              [run = run_, options = options_, folder, is_there, model = state.model, copies,
               digest = std::move(digest), content = std::move(content)] {
                CheckpointContent whole = content;
                whole.model = model.over(copies->values.wait());
                whole.exp_avg = copies->exp_avg.wait();
                whole.exp_avg_sq = copies->exp_avg_sq.wait();
                if (is_there) {
                  make_resume_point(folder, whole, *digest);
                } else {
                  *digest = write_checkpoint(folder, whole);
                }
                prune_checkpoints(run, whole.step, options);
              });
}

// An heir has no device.
void Saver::leave_device() {
  for (const auto& earlier : queued_) {
    const auto copies = earlier.lock();
    if (!copies) continue;
    for (const auto& copy : {copies->values, copies->exp_avg, copies->exp_avg_sq}) copy.leave_device();
  }
}

// Of frame `step` where a job before this one has written it and all of it is as this one would write it.
std::optional<std::string> Saver::stored_digest(std::int64_t step, const model::Vit& model,
                                                bool is_resume_point) const {
  const fs::path folder = run_.checkpoint(step);
  if (!support::is_listed(folder)) return std::nullopt;
  try {
    std::optional<std::string> stored;
    if (model::has_weights(folder)) {
      const model::StoredModel files(folder);
      files.verify();
      stored = files.digest();
    } else if (options_.save == SaveMode::kInSitu && !is_resume_point) {
      if (const auto embedded = store::sealed_identity(folder)) stored = embedded->model_digest;
    }
    for (const char* name : store::kUnsealedFiles) store::require_as_written(folder, name);
    store::read_trainer_log(folder / store::kTrainerStateFile);
    if (stored && read_identity(folder) && *stored == model::digest_of(model)) return stored;
  } catch (const InputError&) {
    // Damaged: it is written again.
  }
  return std::nullopt;
}

}  // namespace zoetrope::train
