// SPDX-License-Identifier: Apache-2.0
// Embeddings of images by one model on one rank.
#pragma once

#include <cstdint>
#include <functional>

#include "zoetrope/model/precision.hpp"
#include "zoetrope/model/vit.hpp"
#include "zoetrope/preprocess/image_cache.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::embed {

// Images per forward pass. A function of the model and the kind of device alone, and blocks start at its
// multiples: a matrix product may round differently with another number of rows, so this makes an image's
// embedding the same bits on any number of ranks and threads.
std::int64_t block_size(const model::VitConfig& config, c10::DeviceType device = c10::kCPU);

// How many blocks a rank computes at a time: their images are made together.
std::int64_t blocks_at_once(const model::VitConfig& config, c10::DeviceType device = c10::kCPU);

// The rows of blocks [first_block, last_block) of `images`: CLS embeddings and logits. Each of
// libtorch's threads computes whole blocks; a device computes them one after the other. `images` makes its
// batches where the model is. `on_progress` gets the number of images done since its last call,
// from the calling thread. Where the caller must stop (support/interruption.hpp) the rows are fewer: those of
// the first blocks.
store::EmbeddedRows embed_blocks(const model::Vit& model, preprocess::ImageCache& images,
                                 const preprocess::PreprocessorConfig& preprocessor,
                                 model::Precision precision, std::int64_t first_block,
                                 std::int64_t last_block,
                                 const std::function<void(std::int64_t images)>& on_progress = {});

}  // namespace zoetrope::embed
