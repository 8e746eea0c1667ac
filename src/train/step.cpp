// SPDX-License-Identifier: Apache-2.0
#include "step.hpp"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/GradMode.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/model/cost.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/range.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::train {

namespace {

constexpr std::int64_t kReplicaMemory = std::int64_t{1} << 30;       // for all replicas' gradient buffers
constexpr double kActivationMemory = 1.5 * (std::int64_t{1} << 30);  // for what backward needs
constexpr std::int64_t kLeastImagesPerReplica = 4;
constexpr std::int64_t kImagesToJudge = 4;  // whether a model still gives numbers

// Replicas pay where each has enough images to keep its core busy, and where the weights are small; otherwise
// the threads work inside each operation.
int choose_replicas(const model::Vit& model, int threads, std::int64_t images_at_once) {
  if (!model.flat().is_cpu()) return 1;
  const auto gradients = static_cast<std::int64_t>(model.flat().nbytes()) * threads;
  return images_at_once >= kLeastImagesPerReplica * threads && gradients <= kReplicaMemory ? threads : 1;
}

double activation_memory(const model::Vit& model) {
  const at::Device device = model.flat().device();
  if (device.is_cpu()) return kActivationMemory;
  const std::size_t free = at::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first;
  return activation_memory_of_device(static_cast<double>(free), static_cast<double>(model.flat().nbytes()));
}

std::int64_t choose_micro_batch(const model::Vit& model, std::int64_t image_side, std::int64_t asked,
                                std::int64_t local_batch) {
  const auto fits = static_cast<std::int64_t>(activation_memory(model) /
                                              model::activation_bytes(model.config(), image_side));
  return std::clamp<std::int64_t>(asked > 0 ? asked : fits, 1, std::max<std::int64_t>(1, local_batch));
}

}  // namespace

double activation_memory_of_device(double free, double model) {
  constexpr double kModels = 4;  // the gradient, and a copy of the weights and of both moments
  return std::max(0.0, free - kModels * model) / 2;
}

StepRunner::StepRunner(const model::Vit& model, preprocess::ImageCache& images,
                       const preprocess::PreprocessorConfig& preprocessor, model::Precision precision,
                       int threads, std::int64_t local_batch, std::int64_t micro_batch,
                       std::optional<support::Range> share, comm::Communicator& communicator)
    : images_(images),
      preprocessor_(preprocessor),
      precision_(precision),
      local_batch_(local_batch),
      micro_batch_(choose_micro_batch(model, preprocessor.output_height(), micro_batch, local_batch)),
      communicator_(communicator),
      replicas_(make_replicas(model, communicator.make_buffer(model.flat()),
                              choose_replicas(model, threads, micro_batch_))),
      totals_(at::zeros({2}, model.flat().options().dtype(at::kDouble))),
      reducer_(std::make_unique<GradientReducer>(replicas_, communicator, share)) {}

std::span<const std::int64_t> StepRunner::mine(std::span<const std::int64_t> batch) const {
  const auto [first, last] =
      support::share(static_cast<std::int64_t>(batch.size()), communicator_.rank(), communicator_.size());
  return batch.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

void StepRunner::prefetch(std::span<const std::int64_t> batch, std::int64_t epoch) {
  const auto rows = mine(batch);
  if (!rows.empty()) images_.prefetch({rows.begin(), rows.end()}, epoch);
}

LocalBatch StepRunner::load(std::span<const std::int64_t> batch, std::int64_t epoch) {
  LocalBatch local;
  local.batch_size = static_cast<std::int64_t>(batch.size());
  const auto rows = mine(batch);
  if (rows.empty()) return local;
  const trace::Span span("loading the batch");
  local.pixels = images_.pixels(rows, epoch);
  local.labels = images_.labels(rows);
  return local;
}

// A step of several micro-batches may take long. Nothing of it has been sent before the last of them, for
// which all ranks meet; ranks with fewer rows, too. On a device the host is far ahead of the computation.
void StepRunner::give_up_if_asked(bool is_last) {
  if (local_batch_ <= micro_batch_ || !totals_.is_cpu()) return;
  if (!is_last && support::received_signal() == 0) return;
  if (comm::is_asked_to_stop(communicator_)) throw Interrupted("interrupted: a step was given up");
}

const at::Tensor& StepRunner::run(const LocalBatch& batch) {
  const std::int64_t num_rows = batch.pixels.defined() ? batch.pixels.size(0) : 0;
  const auto num_replicas = static_cast<std::int64_t>(replicas_.size());
  std::vector<at::Tensor> sums(replicas_.size());
  for (at::Tensor& replica : sums) replica = at::zeros_like(totals_);

  const at::Tensor rounded = replicas_.front().model.rounded(precision_);  // they share their values
  reducer_->zero();
  if (num_rows == 0) give_up_if_asked(true);
  if (num_rows == 0) reducer_->expect_backward(0);
  for (std::int64_t first = 0; first < num_rows; first += micro_batch_) {
    const std::int64_t count = std::min(micro_batch_, num_rows - first);
    give_up_if_asked(first + count == num_rows);
    if (first + count == num_rows) reducer_->expect_backward(static_cast<int>(std::min(count, num_replicas)));
    run_micro_batch(batch.pixels.narrow(0, first, count), batch.labels.narrow(0, first, count), rounded,
                    batch.batch_size, sums);
    support::mark_progress();
  }
  totals_.zero_();
  for (const at::Tensor& replica : sums) totals_ += replica;
  reducer_->finish();
  communicator_.all_reduce(totals_, comm::ReduceOp::kSum);
  totals_[0] /= static_cast<double>(batch.batch_size);
  return totals_;
}

void StepRunner::run_micro_batch(const at::Tensor& pixels, const at::Tensor& labels,
                                 const at::Tensor& rounded, std::int64_t batch_size,
                                 std::vector<at::Tensor>& sums) {
  const std::int64_t count = pixels.size(0);
  const auto active = static_cast<int>(std::min(count, static_cast<std::int64_t>(replicas_.size())));
  const auto run = [&](std::int64_t i) {
    const auto [first, last] = support::share(count, static_cast<int>(i), active);
    const auto index = static_cast<std::size_t>(i);
    sums[index] += run_replica(replicas_[index], pixels.narrow(0, first, last - first),
                               labels.narrow(0, first, last - first), rounded, batch_size);
  };
  if (replicas_.size() == 1) return run(0);  // the threads work inside each operation
  compute::for_each_task(active, run);
}

// Sum of the images' losses, and how many were right.
at::Tensor StepRunner::run_replica(Replica& replica, const at::Tensor& pixels, const at::Tensor& labels,
                                   const at::Tensor& rounded, std::int64_t batch_size) const {
  const c10::AutoGradMode grad(true);  // thread-local, and this may be a worker thread
  at::Tensor logits;
  {
    const trace::Span span("forward", "images", pixels.size(0));
    logits = replica.model.logits(preprocess::normalize(pixels, preprocessor_), rounded);
  }
  const trace::Span span("backward", "images", pixels.size(0));
  const at::Tensor loss = at::cross_entropy_loss(logits.to(at::kFloat), labels, {}, at::Reduction::Sum);
  (loss / static_cast<double>(batch_size)).backward();
  const c10::NoGradGuard no_grad;
  return at::stack({loss.detach().to(at::kDouble), logits.argmax(1).eq(labels).sum().to(at::kDouble)});
}

bool StepRunner::has_finite_logits(const LocalBatch& batch) const {
  if (!batch.pixels.defined()) return true;
  const c10::NoGradGuard no_grad;
  const at::Tensor some = batch.pixels.narrow(0, 0, std::min(batch.pixels.size(0), kImagesToJudge));
  const model::Vit& model = replicas_.front().model;
  const at::Tensor logits =
      model.logits(preprocess::normalize(some, preprocessor_), model.rounded(precision_));
  return at::isfinite(logits).all().item<bool>();
}

Update::Update(StepRunner& steps, AdamW& optimizer, double max_grad_norm, std::optional<support::Range> share,
               comm::Communicator& communicator)
    : steps_(steps),
      optimizer_(optimizer),
      max_grad_norm_(max_grad_norm),
      share_(share),
      communicator_(communicator),
      sums_(at::zeros({3}, steps.gradient().options().dtype(at::kDouble))),
      grad_norm_(at::zeros({}, steps.gradient().options())) {}

void Update::run(const LocalBatch& batch) {
  sums_.narrow(0, 0, 2) += steps_.run(batch);
  const trace::Span span("update");
  const Clipping clipping = clip_gradient(steps_.gradient(), max_grad_norm_, share_, communicator_);
  grad_norm_.copy_(clipping.norm);
  sums_[2] += grad_norm_;
  optimizer_.step(steps_.gradient(), clipping.factor);
}

std::vector<at::Tensor> Update::tensors() const {
  std::vector<at::Tensor> all = optimizer_.tensors();
  all.insert(all.end(), {steps_.gradient(), steps_.totals(), sums_, grad_norm_});
  return all;
}

}  // namespace zoetrope::train
