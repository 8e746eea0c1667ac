// SPDX-License-Identifier: Apache-2.0
// Embeds a split with every checkpoint of a run, or with the model that is being trained.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/data/image_cache.hpp"
#include "zoetrope/embed/extractor.hpp"
#include "zoetrope/store/run_directory.hpp"

namespace zoetrope::embed {

struct ExtractionInput {
  data::ImageCache& images;
  std::string dataset_digest;
  const data::PreprocessorConfig& preprocessor;
  model::Precision precision = model::Precision::kFloat32;
  at::Device device = at::kCPU;  // where models that are read from checkpoints compute, and `images` lie
  // Between the ranks' devices: carries models to them. None where these are CPUs.
  comm::Communicator* tensors = nullptr;
  // May both be empty. The first names the work for the watchdog; the second is called when a model has been
  // read, before anything is made of it.
  std::function<void(const std::string& stage)> on_stage = {};
  std::function<void()> on_model_read = {};
};

struct ExtractionResult {
  std::int64_t images = 0;  // embedded now, over all ranks and checkpoints
  double seconds = 0;
};

// Embeds with every checkpoint in `steps` whose embeddings.h5 is missing or stale, taking up complete shards
// of an earlier attempt. Every model is read once, by one rank, which finds out whether it is damaged: those
// whose embeddings are there before anything is made. A checkpoint whose model is gone must have embeddings
// of this dataset. Collective.
ExtractionResult extract(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                         const ExtractionInput& input, comm::Communicator& communicator);

// Embeds with `model` (the same on every rank) as checkpoint `step`, whose folder exists. Collective.
void extract_in_situ(const store::RunDirectory& run, std::int64_t step, double epoch, const model::Vit& model,
                     const ExtractionInput& input, comm::Communicator& communicator);

}  // namespace zoetrope::embed
