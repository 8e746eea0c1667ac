// SPDX-License-Identifier: Apache-2.0
#include "architecture.hpp"

#include <string>
#include <utility>

namespace zoetrope::model {

namespace {

// Each parameter starts on a cache line, so that vector code and MKL see the same alignment in every model.
constexpr std::int64_t kAlignment = 16;  // floats

class Builder {
 public:
  int add(std::vector<std::string> names, std::vector<std::int64_t> shape, bool decays) {
    Parameter parameter;
    const std::int64_t rows = shape.front() / static_cast<std::int64_t>(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      parameter.parts.push_back({std::move(names[i]), static_cast<std::int64_t>(i) * rows, rows});
    parameter.shape = std::move(shape);
    parameter.decays = decays;
    parameter.offset = architecture.flat_size;
    architecture.flat_size += (parameter.size() + kAlignment - 1) / kAlignment * kAlignment;
    architecture.parameters.push_back(std::move(parameter));
    return static_cast<int>(architecture.parameters.size()) - 1;
  }

  // Braced initialisers are evaluated left to right: the weight comes before the bias.
  Affine linear(const std::string& name, std::int64_t out, std::int64_t in) {
    return {add({name + ".weight"}, {out, in}, true), add({name + ".bias"}, {out}, false)};
  }

  Affine layer_norm(const std::string& name, std::int64_t size) {
    return {add({name + ".weight"}, {size}, false), add({name + ".bias"}, {size}, false)};
  }

  Affine qkv(const std::string& name, std::int64_t hidden, bool bias) {
    Affine affine;
    affine.weight = add({name + ".query.weight", name + ".key.weight", name + ".value.weight"},
                        {3 * hidden, hidden}, true);
    if (bias)
      affine.bias =
          add({name + ".query.bias", name + ".key.bias", name + ".value.bias"}, {3 * hidden}, false);
    return affine;
  }

  Architecture architecture;
};

}  // namespace

std::int64_t Parameter::size() const {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  return size;
}

Architecture describe(const VitConfig& config) {
  Builder builder;
  Architecture& architecture = builder.architecture;
  const std::int64_t hidden = config.hidden_size;
  const std::string patches = "vit.embeddings.patch_embeddings.projection";
  // Trainer's filter is on names and LayerNorm modules: these two embeddings do decay.
  architecture.cls_token = builder.add({"vit.embeddings.cls_token"}, {1, 1, hidden}, true);
  architecture.position_embeddings =
      builder.add({"vit.embeddings.position_embeddings"}, {1, config.num_tokens(), hidden}, true);
  architecture.patch_projection.weight = builder.add(
      {patches + ".weight"}, {hidden, config.num_channels, config.patch_size, config.patch_size}, true);
  architecture.patch_projection.bias = builder.add({patches + ".bias"}, {hidden}, false);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = "vit.encoder.layer." + std::to_string(i);
    LayerIndex index;
    index.norm_before = builder.layer_norm(layer + ".layernorm_before", hidden);
    index.qkv = builder.qkv(layer + ".attention.attention", hidden, config.qkv_bias);
    index.attention_out = builder.linear(layer + ".attention.output.dense", hidden, hidden);
    index.norm_after = builder.layer_norm(layer + ".layernorm_after", hidden);
    index.mlp_in = builder.linear(layer + ".intermediate.dense", config.intermediate_size, hidden);
    index.mlp_out = builder.linear(layer + ".output.dense", hidden, config.intermediate_size);
    architecture.layers.push_back(index);
  }
  architecture.norm = builder.layer_norm("vit.layernorm", hidden);
  architecture.classifier = builder.linear("classifier", config.num_labels(), hidden);
  return std::move(architecture);
}

}  // namespace zoetrope::model
