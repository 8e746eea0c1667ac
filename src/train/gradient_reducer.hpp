// SPDX-License-Identifier: Apache-2.0
// Sums gradients over this rank's replicas and over all ranks while backward goes on (Li et al., "PyTorch
// Distributed", VLDB 2020): parameters are grouped in buckets, in reverse order of use, and a bucket is
// all-reduced as soon as every replica has its gradients.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/vit.hpp"
#include "zoetrope/support/range.hpp"

namespace zoetrope::train {

// A replica is a thread of this rank that runs forward and backward on its own images, over the same weights
// and into a gradient buffer of its own: for small models this uses cores better than threads inside each
// kernel.
struct Replica {
  model::Vit model;     // a replica
  at::Tensor gradient;  // flat layout; the leaves' .grad are views of it
};
// `gradient`, zeros of the flat layout, becomes the first replica's.
std::vector<Replica> make_replicas(const model::Vit& model, const at::Tensor& gradient, int count);

struct BucketSizes {
  std::int64_t first_bytes = std::int64_t{1} << 20;  // small, so that communication starts early
  std::int64_t bytes = std::int64_t{25} << 20;       // PyTorch DDP's default
};

class GradientReducer {
 public:
  // `replicas` outlives the reducer. Hooks are put on the replicas' leaves and removed by the destructor.
  // With a `share` (see TrainingState), this rank needs the sums of those elements only.
  GradientReducer(std::vector<Replica>& replicas, comm::Communicator& communicator,
                  std::optional<support::Range> share = {}, BucketSizes sizes = {});
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Sets all gradients to zero.
  void zero();
  // Before the last backward of a step, in which `active_replicas` (the first ones) take part: buckets are
  // sent off as they become complete.
  void expect_backward(int active_replicas);
  // After it: waits until the sum over all ranks is in the first replica's gradient, which is returned: where
  // there is a share, in that alone.
  const at::Tensor& finish();

 private:
  struct Bucket {
    std::int64_t first = 0;  // element of the flat buffer
    std::int64_t size = 0;
    int num_parameters = 0;
    std::atomic<int> pending{0};  // gradients still to come, over the active replicas
    bool complete = false;        // summed over replicas; guarded by mutex_
  };
  class Hook;

  void make_buckets(const std::vector<model::Parameter>& parameters, BucketSizes sizes);
  void gradient_ready(std::size_t bucket);
  void complete_bucket(std::size_t bucket);

  std::vector<Replica>& replicas_;
  comm::Communicator& communicator_;
  std::optional<support::Range> share_;
  std::vector<std::unique_ptr<Bucket>> buckets_;  // in the order of sending
  std::vector<std::size_t> bucket_of_parameter_;
  struct Hooks;
  std::unique_ptr<Hooks> hooks_;

  std::mutex mutex_;
  std::atomic<bool> armed_{false};
  std::size_t next_ = 0;  // the next bucket to be sent: the order is the same on every rank
  std::vector<std::unique_ptr<comm::Work>> works_;
};

}  // namespace zoetrope::train
