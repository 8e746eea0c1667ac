// SPDX-License-Identifier: Apache-2.0
// Which parameters a configuration has, their names on disk, and where the forward pass finds each.
#pragma once

#include <cstdint>
#include <vector>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {

// A weight and its bias, as indices into Architecture::parameters; bias is -1 where there is none.
struct Affine {
  int weight = -1;
  int bias = -1;
};

struct LayerIndex {
  Affine norm_before;        // LayerNorm [H]
  Affine qkv;                // [3H, H]
  Affine attention_out;      // [H, H]
  int attention_scale = -1;  // LayerScale [H]; -1 where the family has none
  Affine norm_after;         // LayerNorm [H]
  Affine mlp_in;             // [intermediate, H], twice the rows with SwiGLU
  Affine mlp_out;            // [H, intermediate]
  int mlp_scale = -1;        // LayerScale [H]
};

struct Architecture {
  std::vector<Parameter> parameters;  // in the order in which the forward pass uses them
  std::int64_t flat_size = 0;         // elements of the flat buffer, with padding
  int cls_token = -1;                 // [1, 1, H], CLIP's [H]
  int distillation_token = -1;        // [1, 1, H]; -1 where the family has none
  int register_tokens = -1;           // [1, R, H]; -1 where there are none
  int position_embeddings = -1;       // [1, T, H], of all tokens but registers; CLIP's [T, H]
  Affine patch_projection;            // [H, C, patch, patch]; CLIP's has no bias
  Affine first_norm;                  // LayerNorm [H] before the layers; -1 where the family has none
  std::vector<LayerIndex> layers;
  Affine norm;        // LayerNorm [H]
  Affine classifier;  // [L, H], or [L, 2H] where it takes the CLS token's row and the patches' mean
};

Architecture describe(const VitConfig& config);

}  // namespace zoetrope::model
