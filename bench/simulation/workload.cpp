// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include <algorithm>
#include <cmath>

namespace simulation {

double Workload::batch(int ranks) const {
  return std::min(images_of_rank * ranks, largest_batch);
}

std::int64_t Workload::steps(int ranks) const {
  return static_cast<std::int64_t>(epochs * std::ceil(training_images / batch(ranks)));
}

double Workload::computing(const Platform& platform, int ranks) const {
  return platform.step_overhead + std::ceil(batch(ranks) / ranks) * training_flops / platform.training_flops;
}

double Workload::embedding(const Platform& platform, int ranks) const {
  const double blocks = std::ceil(test_images / platform.embedding_block);
  return std::ceil(blocks / ranks) * platform.embedding_block * embedding_flops / platform.embedding_flops;
}

std::vector<double> Workload::buckets() const {
  std::vector<double> sizes;
  double left = weight_bytes(), next = 1 << 20;
  for (; left > 0; left -= next, next = 25 << 20) {
    next = std::min(next, left);
    sizes.push_back(next);
  }
  return sizes;
}

Workload read_workload(const nlohmann::json& json) {
  Workload work;
  work.parameters = json.at("parameters");
  work.hidden = json.at("hidden");
  work.classes = json.at("classes");
  work.training_flops = json.at("training_flops");
  work.embedding_flops = json.at("embedding_flops");
  work.training_images = json.at("training_images");
  work.bytes_of_image = json.at("bytes_of_image");
  work.keeps_images = json.at("keeps_images");
  work.epochs = json.at("epochs");
  work.images_of_rank = json.at("images_of_rank");
  work.largest_batch = json.at("largest_batch");
  work.checkpoints = json.at("checkpoints");
  work.writes_models = json.at("writes_models");
  work.test_images = json.at("test_images");
  work.resume_every = json.at("resume_every");
  return work;
}

Costs read_costs(const nlohmann::json& json) {
  Costs costs;
  costs.search = json.at("search");
  costs.ranks = json.at("ranks");
  costs.products = json.at("products");
  costs.drawing = json.at("drawing");
  costs.encoding = json.at("encoding");
  costs.chain = json.at("chain");
  costs.page = json.at("page");
  costs.numbers = json.at("numbers");
  costs.sampled_above = json.at("sampled_above");
  costs.sample = json.at("sample");
  return costs;
}

double Costs::frame(const Workload& work) const {
  const double n = work.test_images, d = work.hidden;
  const double rows = n > sampled_above ? sample : n;
  return search * n * n * d + ranks * rows * n * d + products * n * d * d;
}

}  // namespace simulation
