// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/cost.hpp"

#include "architecture.hpp"

namespace zoetrope::model {

namespace {

std::int64_t tokens_of(const VitConfig& config, std::int64_t image_side) {
  return config.num_tokens(image_side > 0 ? image_side : config.image_size);
}

double patch_flops(const VitConfig& config, std::int64_t image_side) {
  const auto pixels = static_cast<double>(config.num_channels * config.patch_size * config.patch_size);
  const auto patches = static_cast<double>(tokens_of(config, image_side) - config.num_prefix_tokens());
  return 2 * patches * pixels * static_cast<double>(config.hidden_size);
}

}  // namespace

std::int64_t num_parameters(const VitConfig& config) {
  std::int64_t count = 0;
  for (const Parameter& parameter : describe(config).parameters) count += parameter.size();
  return count;
}

double forward_flops(const VitConfig& config, std::int64_t image_side) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto tokens = static_cast<double>(tokens_of(config, image_side));
  const auto layers = static_cast<double>(config.num_hidden_layers);
  const double mlp = static_cast<double>(config.intermediate_size) * (config.use_swiglu_ffn ? 3 : 2);
  const double full_layer = tokens * (4 * hidden * hidden + hidden * mlp) + 2 * tokens * tokens * hidden;
  const double cls_layer =
      tokens * 2 * hidden * hidden + 2 * hidden * hidden + hidden * mlp + 2 * tokens * hidden;
  const double last_layer = config.pools_patches() ? full_layer : cls_layer;
  return patch_flops(config, image_side) +
         2 * ((layers - 1) * full_layer + last_layer +
              static_cast<double>(config.num_features() * config.num_labels()));
}

// Each matrix product of forward has two in backward, but for the pixels, which need no gradient.
double training_flops(const VitConfig& config, std::int64_t image_side) {
  return 3 * forward_flops(config, image_side) - patch_flops(config, image_side);
}

// What autograd saves, in rows of a token: of a layer, its input, both LayerNorms' outputs, query, key and
// value, the attention's output and the layer's middle (8 H), the MLP's inner rows before and after the
// activation, and what LayerScale scales; of a last layer that is computed for the CLS token alone, its
// input, the LayerNorm's output, key and value. Backward holds the gradients of one layer's widest rows
// beside them.
double activation_bytes(const VitConfig& config, std::int64_t image_side) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto mlp = static_cast<double>(config.intermediate_size);
  const double layer = (config.has_layer_scale() ? 10 : 8) * hidden + (config.use_swiglu_ffn ? 5 : 2) * mlp;
  const double last = config.pools_patches() ? layer : 4 * hidden;
  const auto pixels = static_cast<double>(config.num_channels * config.patch_size * config.patch_size);
  const double in_backward = 4 * hidden + (config.use_swiglu_ffn ? 5 : 3) * mlp;
  const double layers = static_cast<double>(config.num_hidden_layers - 1) * layer + last;
  return sizeof(float) * static_cast<double>(tokens_of(config, image_side)) * (pixels + layers + in_backward);
}

double training_bytes(const VitConfig& config, std::int64_t micro_batch, std::int64_t image_side) {
  const double buffers = 4 * sizeof(float) * static_cast<double>(num_parameters(config));
  return buffers + static_cast<double>(micro_batch) * activation_bytes(config, image_side);
}

}  // namespace zoetrope::model
