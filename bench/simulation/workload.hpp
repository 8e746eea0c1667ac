// SPDX-License-Identifier: Apache-2.0
// What a run has to do, and how long a rank takes for it where it waits for nobody.
#pragma once
#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "cluster.hpp"

namespace simulation {

// As workloads/*.json has it.
struct Workload {
  double parameters = 0;
  double hidden = 0;
  double classes = 0;
  double training_flops = 0, embedding_flops = 0;  // of an image
  double training_images = 0, bytes_of_image = 0;
  // Each rank reads all images at the start; or those of its batches, when they are due.
  bool keeps_images = true;
  double epochs = 0;
  double images_of_rank = 0;  // in a step, until all ranks' are `largest_batch`
  double largest_batch = 0;
  std::int64_t checkpoints = 0;
  bool writes_models = true;  // not with --save in-situ
  double test_images = 0;
  double resume_every = 0;  // seconds between two copies of the optimizer's state

  double weight_bytes() const { return 4 * parameters; }
  double embedding_bytes() const { return 4 * test_images * (hidden + classes); }
  double batch(int ranks) const;
  std::int64_t steps(int ranks) const;
  // Seconds of a rank's own part of a step, without the update.
  double computing(const Platform& platform, int ranks) const;
  // Seconds for one checkpoint's test images, on the rank that has most of them.
  double embedding(const Platform& platform, int ranks) const;
  // All-reduces of a step in their order, in bytes: 1 MiB first, so that the first starts early, then 25 MiB.
  std::vector<double> buckets() const;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Workload, parameters, hidden, classes, training_flops, embedding_flops,
                                   training_images, bytes_of_image, keeps_images, epochs, images_of_rank,
                                   largest_batch, checkpoints, writes_models, test_images, resume_every)

// Seconds of one core; costs.json says where its numbers were measured.
struct Costs {
  double search = 0;    // of the exact neighbours, times N² D
  double ranks = 0;     // of the motion certificate's ranks, times rows N D
  double products = 0;  // of X'X and its kin, times N D²
  double drawing = 0;   // of a point in a frame
  double encoding = 0;  // of a frame
  double chain = 0;     // of an image in a frame, on rank 0: gathering, alignment, writing
  double page = 0;      // of an image in a frame
  double numbers = 0;   // float64 that a frame's rank sends of each image
  double sampled_above = 0, sample = 0;

  double frame(const Workload& work) const;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Costs, search, ranks, products, drawing, encoding, chain, page, numbers,
                                   sampled_above, sample)

}  // namespace simulation
