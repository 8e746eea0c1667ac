// SPDX-License-Identifier: Apache-2.0
// Embeds a split with every checkpoint of a run, or with the model that is being trained.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/checkpoint_in_memory.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/preprocess/image_cache.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_directory.hpp"

namespace zoetrope::embed {

struct ExtractionInput {
  preprocess::ImageCache& images;
  std::string dataset_digest;
  const preprocess::PreprocessorConfig& preprocessor;
  model::Precision precision = model::Precision::kFloat32;
  std::filesystem::path base = {};  // of checkpoints that are adapters: see model::StoredModel
  at::Device device = at::kCPU;     // where models that are read from checkpoints compute, and `images` lie
  // Of training images: see store::EmbeddingsIdentity.
  store::EmbeddedSplit split = store::EmbeddedSplit::kTest;
  std::vector<std::int64_t> index = {};
  std::int64_t seed = 0;
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

// Embeds with every checkpoint in `steps` whose file of the input's split is missing or stale, taking up
// complete shards of an earlier attempt. Every model is read once, by one rank, which finds out whether it is
// damaged: those whose embeddings are there before anything is made. A rank reads its next model while it
// embeds with one. A checkpoint whose model is gone must have embeddings of this dataset. Collective.
// Interrupted on every rank after a signal on any; what is embedded by then is in shards.
ExtractionResult extract(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                         const ExtractionInput& input, comm::Communicator& communicator);

// Whether the file of that split is there, whole, of `dataset_digest` and of the weights that the
// checkpoint's record names. False of a damaged or missing one. Shards that a kill has left beside it say
// nothing.
bool has_embeddings(const std::filesystem::path& checkpoint_folder, store::EmbeddedSplit split,
                    const std::string& dataset_digest);

// What extract() would end with because of a checkpoint of `steps` that nobody can embed with any more: whose
// model is gone, without embeddings of these images, or whose model is damaged, without finished embeddings.
// InputError says what can be done. Collective.
void require_embeddable(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                        const ExtractionInput& input, comm::Communicator& communicator);

// What can be done for a checkpoint of which only the embeddings were left, and they are damaged: training
// comes to the same weights again where it begins before them.
std::string way_out_without_model(const store::RunDirectory& run, std::int64_t step);

// Whether this run has embedded training images with models that are gone now: without that it lacks nothing.
bool had_training_images(const store::RunDirectory& run);

// What can be done where it has not, and they are asked for.
inline constexpr const char* kWayOutWithoutTrainingImages =
    "a new run shows training images with --split both from its start; --split test goes on without them";

// Embeds with a model on `ExtractionInput::device` whose checkpoint is being written, or is there; nothing is
// done where its embeddings are there, too. Returns how many images were embedded now; none after a signal to
// any rank: what is missing is left to extract(). Collective.
std::optional<std::int64_t> extract_in_memory(const store::RunDirectory& run,
                                              const model::CheckpointInMemory& checkpoint,
                                              const ExtractionInput& input, comm::Communicator& communicator);

}  // namespace zoetrope::embed
