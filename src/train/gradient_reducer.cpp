// SPDX-License-Identifier: Apache-2.0
#include "gradient_reducer.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include "zoetrope/support/trace.hpp"

#include "update_kernels.hpp"

namespace zoetrope::train {

namespace autograd = torch::autograd;

std::vector<Replica> make_replicas(const model::Vit& model, const at::Tensor& gradient, int count) {
  std::vector<Replica> replicas;
  for (int i = 0; i < count; ++i) {
    Replica replica{model.replica(), i == 0 ? gradient : at::zeros_like(gradient)};
    for (std::size_t p = 0; p < model.parameters().size(); ++p) {
      const model::Parameter& parameter = model.parameters()[p];
      replica.model.tensors()[p].mutable_grad() =
          replica.gradient.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
    }
    replicas.push_back(std::move(replica));
  }
  return replicas;
}

// Runs after a leaf's gradient has been added to its buffer.
class GradientReducer::Hook : public autograd::FunctionPostHook {
 public:
  Hook(GradientReducer& reducer, std::size_t bucket) : reducer_(reducer), bucket_(bucket) {}
  autograd::variable_list operator()(const autograd::variable_list& outputs,
                                     const autograd::variable_list&) override {
    reducer_.gradient_ready(bucket_);
    return outputs;
  }

 private:
  GradientReducer& reducer_;
  std::size_t bucket_;
};

// A leaf holds its accumulator weakly: it lives, and with it the hook, as long as this does.
struct GradientReducer::Hooks {
  std::vector<decltype(autograd::impl::grad_accumulator(at::Tensor()))> accumulators;
};

GradientReducer::GradientReducer(std::vector<Replica>& replicas, comm::Communicator& communicator,
                                 std::optional<support::Range> share, BucketSizes sizes)
    : replicas_(replicas), communicator_(communicator), share_(share), hooks_(std::make_unique<Hooks>()) {
  make_buckets(replicas_.front().model.parameters(), sizes);
  for (const Replica& replica : replicas_) {
    for (std::size_t p = 0; p < replica.model.tensors().size(); ++p) {
      auto accumulator = autograd::impl::grad_accumulator(replica.model.tensors()[p]);
      accumulator->add_post_hook(std::make_unique<Hook>(*this, bucket_of_parameter_[p]));
      hooks_->accumulators.push_back(std::move(accumulator));
    }
  }
}

GradientReducer::~GradientReducer() = default;

void GradientReducer::make_buckets(const std::vector<model::Parameter>& parameters, BucketSizes sizes) {
  bucket_of_parameter_.resize(parameters.size());
  std::int64_t end = replicas_.front().gradient.numel();
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const std::int64_t limit =
        (buckets_.size() <= 1 ? sizes.first_bytes : sizes.bytes) / static_cast<std::int64_t>(sizeof(float));
    if (buckets_.empty() || buckets_.back()->size >= limit) {
      buckets_.push_back(std::make_unique<Bucket>());
    }
    Bucket& bucket = *buckets_.back();
    bucket.first = parameters[i].offset;
    bucket.size += end - parameters[i].offset;
    ++bucket.num_parameters;
    end = parameters[i].offset;
    bucket_of_parameter_[i] = buckets_.size() - 1;
  }
}

void GradientReducer::zero() {
  const c10::NoGradGuard no_grad;
  replicas_.front().gradient.zero_();  // the others' are taken away at each step's end
}

void GradientReducer::expect_backward(int active_replicas) {
  next_ = 0;
  works_.clear();
  for (auto& bucket : buckets_) {
    bucket->complete = false;
    bucket->pending = bucket->num_parameters * active_replicas;
  }
  armed_ = communicator_.size() > 1;
}

void GradientReducer::gradient_ready(std::size_t bucket) {
  if (armed_ && --buckets_[bucket]->pending == 0) complete_bucket(bucket);
}

// Replicas are added in their order, so that a sum does not depend on which thread was faster.
void GradientReducer::complete_bucket(std::size_t index) {
  const c10::NoGradGuard no_grad;
  const trace::Span span("adding up the replicas");
  Bucket& bucket = *buckets_[index];
  const at::Tensor sum = replicas_.front().gradient.narrow(0, bucket.first, bucket.size);
  for (std::size_t replica = 1; replica < replicas_.size(); ++replica)
    add_and_clear(replicas_[replica].gradient.narrow(0, bucket.first, bucket.size), sum);

  const std::lock_guard lock(mutex_);
  bucket.complete = true;
  if (share_) return;
  for (; next_ < buckets_.size() && buckets_[next_]->complete; ++next_) {
    const Bucket& ready = *buckets_[next_];
    works_.push_back(communicator_.all_reduce_async(
        replicas_.front().gradient.narrow(0, ready.first, ready.size), comm::ReduceOp::kSum));
  }
}

const at::Tensor& GradientReducer::finish() {
  // Where there are no other ranks to send them to, or this rank had no images in this step.
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    if (!buckets_[i]->complete) complete_bucket(i);
  armed_ = false;
  for (auto& work : works_) work->wait();
  works_.clear();
  if (share_) communicator_.reduce_scatter(replicas_.front().gradient, *share_);
  return replicas_.front().gradient;
}

}  // namespace zoetrope::train
