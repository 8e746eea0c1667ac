// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/vit.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::embed {

// What is stored beside the embeddings of row 0.
inline store::Classifier stored_classifier(const model::Vit& model) {
  if (model.config().num_labels() == 0 || model.config().pools_patches()) return {};
  const auto values_of = [](const at::Tensor& tensor) {
    const at::Tensor host = tensor.cpu();
    return std::vector<float>(host.const_data_ptr<float>(), host.const_data_ptr<float>() + host.numel());
  };
  const auto [weight, bias] = model.classifier();
  return {values_of(weight), values_of(bias)};
}

}  // namespace zoetrope::embed
