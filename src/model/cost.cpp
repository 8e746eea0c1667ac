// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/cost.hpp"

#include "architecture.hpp"

namespace zoetrope::model {

namespace {

std::int64_t tokens_of(const VitConfig& config, std::int64_t image_side) {
  return config.num_tokens(image_side > 0 ? image_side : config.image_size);
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
  const auto pixels = static_cast<double>(config.num_channels * config.patch_size * config.patch_size);
  const double patches = (tokens - static_cast<double>(config.num_prefix_tokens())) * pixels * hidden;
  const double full_layer = tokens * (4 * hidden * hidden + hidden * mlp) + 2 * tokens * tokens * hidden;
  const double cls_layer =
      tokens * 2 * hidden * hidden + 2 * hidden * hidden + hidden * mlp + 2 * tokens * hidden;
  const double last_layer = config.pools_patches() ? full_layer : cls_layer;
  return 2 * (patches + (layers - 1) * full_layer + last_layer +
              static_cast<double>(config.num_features() * config.num_labels()));
}

double training_flops(const VitConfig& config, std::int64_t image_side) {
  return 3 * forward_flops(config, image_side);
}

// About a dozen rows of the hidden size and three of the MLP's per token and layer.
std::int64_t activation_bytes(const VitConfig& config, std::int64_t image_side) {
  return 4 * config.num_hidden_layers * tokens_of(config, image_side) *
         (12 * config.hidden_size + 3 * config.intermediate_size);
}

std::int64_t training_bytes(const VitConfig& config, std::int64_t micro_batch, std::int64_t image_side) {
  return 4 * 4 * num_parameters(config) + micro_batch * activation_bytes(config, image_side);
}

}  // namespace zoetrope::model
