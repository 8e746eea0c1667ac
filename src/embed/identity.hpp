// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/model/config.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::embed {

// Of the embeddings of `input`'s images by a model of this digest.
inline store::EmbeddingsIdentity identity_of(std::int64_t step, double epoch, const model::VitConfig& config,
                                             const std::string& model_digest, const ExtractionInput& input) {
  store::EmbeddingsIdentity identity;
  identity.step = step;
  identity.epoch = epoch;
  identity.model_digest = model_digest;
  identity.dataset_digest = input.dataset_digest;
  identity.dtype = model::name_of(input.precision);
  identity.num_rows = input.images.labels().size(0);
  identity.num_columns = config.hidden_size;
  identity.num_classes = config.num_labels();
  identity.split = input.split;
  identity.index = input.index;
  identity.seed = input.seed;
  return identity;
}

}  // namespace zoetrope::embed
