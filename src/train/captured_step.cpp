// SPDX-License-Identifier: Apache-2.0
#include "captured_step.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::train {
namespace {

// In the first, cuBLAS chooses its kernels, NCCL connects its ranks and the allocator grows, none of which
// can be captured. PyTorch's recipe for capturing a whole training step takes three, too.
constexpr int kRunsBeforeCapture = 3;

// Why no step can be captured, the same on every rank; "" when it can.
std::string find_obstacle(const StepRunner& steps, const TrainOptions& options, std::int64_t num_images,
                          comm::Communicator& control) {
  if (num_images < options.batch_size)
    return "there are fewer training images than the --batch-size of " + std::to_string(options.batch_size) +
           ", so that no step has a full batch";
  const std::int64_t least = comm::all_reduce_scalar(control, steps.micro_batch(), comm::ReduceOp::kMin);
  if (least >= steps.local_batch()) return "";
  return "a rank takes its " + std::to_string(steps.local_batch()) + " images of a step in passes of " +
         std::to_string(least) +
         ", and only a single pass is captured; use more ranks or a smaller --batch-size";
}

GraphMode choose(const StepRunner& steps, const TrainOptions& options, std::int64_t num_images,
                 comm::Communicator& control) {
  if (options.graph == GraphMode::kOff) return GraphMode::kOff;
  const bool queues = compute::can_capture(steps.gradient().device());
  if (!queues && options.graph == GraphMode::kAuto) return GraphMode::kOff;
  const std::string obstacle =
      queues ? find_obstacle(steps, options, num_images, control) : "a CPU queues no work to capture";
  if (obstacle.empty()) return options.graph;
  if (options.graph == GraphMode::kOn) throw UsageError("--cuda-graph on: " + obstacle);
  return GraphMode::kOff;
}

// "rank 2: CUDA graph: out of memory", the first rank's that has a reason; "" when none has.
std::string first_reason(const std::string& mine, comm::Communicator& control) {
  const std::vector<std::string> all = comm::all_gather_strings(control, mine);
  const auto found = std::ranges::find_if(all, [](const std::string& reason) { return !reason.empty(); });
  if (found == all.end()) return "";
  return "rank " + std::to_string(found - all.begin()) + ": " + *found;
}

}  // namespace

CapturedStep::CapturedStep(Update& update, const StepRunner& steps, const model::Vit& model,
                           const TrainOptions& options, std::int64_t num_images, Communicators communicators)
    : update_(update),
      model_(model),
      mode_(choose(steps, options, num_images, communicators.control)),
      batch_size_(options.batch_size),
      communicators_(communicators),
      runs_until_capture_(kRunsBeforeCapture) {}

void CapturedStep::run(const LocalBatch& batch) {
  if (mode_ == GraphMode::kOff || batch.batch_size != batch_size_) return update_.run(batch);
  hold(batch);
  if (!graph_ && runs_until_capture_-- == 0) capture();
  if (graph_) {
    const trace::Span span("replaying the step");
    return graph_->replay();
  }
  update_.run(held_);
}

// A rank without images (more ranks than images in a batch) has nothing to hold.
void CapturedStep::hold(const LocalBatch& batch) {
  held_.batch_size = batch.batch_size;
  if (!batch.pixels.defined()) return;
  if (!held_.pixels.defined()) {
    held_.pixels = at::empty_like(batch.pixels);
    held_.labels = at::empty_like(batch.labels);
  }
  held_.pixels.copy_(batch.pixels);
  held_.labels.copy_(batch.labels);
}

void CapturedStep::capture() {
  const trace::Span span("capturing the step");
  std::vector<at::Tensor> operands = update_.tensors();
  operands.push_back(model_.flat());
  if (held_.pixels.defined()) operands.insert(operands.end(), {held_.pixels, held_.labels});
  std::string reason;
  try {
    graph_ = compute::capture([this] { update_.run(held_); }, std::move(operands),
                              [this](const auto& launch) { communicators_.tensors.launch_captured(launch); });
  } catch (const RunError& error) {
    reason = error.what();
  }
  reason = first_reason(reason, communicators_.control);
  if (reason.empty()) return;
  graph_.reset();
  if (mode_ == GraphMode::kOn) throw RunError("--cuda-graph on: " + reason);
  mode_ = GraphMode::kOff;
  if (communicators_.control.rank() == 0)
    support::log_warning("training goes on without a CUDA graph (" + reason + ")");
}

}  // namespace zoetrope::train
