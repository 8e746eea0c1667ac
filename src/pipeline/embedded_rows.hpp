// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <ATen/ops/from_blob.h>

#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::pipeline {

// The embeddings as a tensor that owns them.
inline at::Tensor rows_of(store::Embeddings& embeddings) {
  const auto values = std::make_shared<std::vector<float>>(std::move(embeddings.values));
  return at::from_blob(
      values->data(), {embeddings.identity.num_rows, embeddings.identity.num_columns}, [values](void*) {},
      at::kFloat);
}

}  // namespace zoetrope::pipeline
