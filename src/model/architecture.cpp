// SPDX-License-Identifier: Apache-2.0
#include "architecture.hpp"

#include <string>
#include <utility>

#include "family.hpp"

namespace zoetrope::model {

namespace {

// Each parameter starts on a cache line, so that vector code and MKL see the same alignment in every model.
constexpr std::int64_t kAlignment = 16;  // floats

class Builder {
 public:
  // Trainer's filter spares biases and LayerNorms from decay.
  int add(std::vector<std::string> names, std::vector<std::int64_t> shape, Init init, bool decays = true) {
    Parameter parameter;
    const std::int64_t rows = shape.front() / static_cast<std::int64_t>(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      parameter.parts.push_back({std::move(names[i]), static_cast<std::int64_t>(i) * rows, rows});
    parameter.shape = std::move(shape);
    parameter.init = init;
    parameter.decays = decays;
    parameter.offset = architecture.flat_size;
    architecture.flat_size += (parameter.size() + kAlignment - 1) / kAlignment * kAlignment;
    architecture.parameters.push_back(std::move(parameter));
    return static_cast<int>(architecture.parameters.size()) - 1;
  }

  // Braced initialisers are evaluated left to right: the weight comes before the bias.
  Affine linear(const std::string& name, std::int64_t out, std::int64_t in, Init init = Init::kNormal) {
    return {add({name + ".weight"}, {out, in}, init), add({name + ".bias"}, {out}, Init::kZero, false)};
  }

  Affine layer_norm(const std::string& name, std::int64_t size) {
    return {add({name + ".weight"}, {size}, Init::kOne, false),
            add({name + ".bias"}, {size}, Init::kZero, false)};
  }

  Affine qkv(const std::string& name, std::int64_t hidden, bool bias) {
    Affine affine;
    affine.weight = add({name + ".query.weight", name + ".key.weight", name + ".value.weight"},
                        {3 * hidden, hidden}, Init::kNormal);
    if (bias)
      affine.bias = add({name + ".query.bias", name + ".key.bias", name + ".value.bias"}, {3 * hidden},
                        Init::kZero, false);
    return affine;
  }

  Affine clip_qkv(const std::string& name, std::int64_t hidden) {
    const auto parts = [&](const std::string& kind) {
      return std::vector{name + ".q_proj." + kind, name + ".k_proj." + kind, name + ".v_proj." + kind};
    };
    return {add(parts("weight"), {3 * hidden, hidden}, Init::kClipDepth),
            add(parts("bias"), {3 * hidden}, Init::kZero, false)};
  }

  int layer_scale(const std::string& name, std::int64_t size) {
    return add({name + ".lambda1"}, {size}, Init::kLayerScale);
  }

  Architecture architecture;
};

LayerIndex add_layer(Builder& builder, const VitConfig& config, const std::string& layer) {
  const FamilyNames& names = names_of(config.family);
  const std::int64_t hidden = config.hidden_size, intermediate = config.intermediate_size;
  const bool swiglu = config.use_swiglu_ffn;
  LayerIndex index;
  index.norm_before = builder.layer_norm(layer + names.norm_before, hidden);
  index.qkv = builder.qkv(layer + "attention.attention", hidden, config.qkv_bias);
  index.attention_out = builder.linear(layer + "attention.output.dense", hidden, hidden);
  if (config.has_layer_scale()) index.attention_scale = builder.layer_scale(layer + "layer_scale1", hidden);
  index.norm_after = builder.layer_norm(layer + names.norm_after, hidden);
  index.mlp_in = builder.linear(layer + (swiglu ? "mlp.weights_in" : names.mlp_in),
                                swiglu ? 2 * intermediate : intermediate, hidden);
  index.mlp_out = builder.linear(layer + (swiglu ? "mlp.weights_out" : names.mlp_out), hidden, intermediate);
  if (config.has_layer_scale()) index.mlp_scale = builder.layer_scale(layer + "layer_scale2", hidden);
  return index;
}

LayerIndex add_clip_layer(Builder& builder, const VitConfig& config, const std::string& layer) {
  const FamilyNames& names = names_of(config.family);
  const std::int64_t hidden = config.hidden_size, intermediate = config.intermediate_size;
  LayerIndex index;
  index.norm_before = builder.layer_norm(layer + names.norm_before, hidden);
  index.qkv = builder.clip_qkv(layer + "self_attn", hidden);
  index.attention_out = builder.linear(layer + "self_attn.out_proj", hidden, hidden, Init::kClipWidth);
  index.norm_after = builder.layer_norm(layer + names.norm_after, hidden);
  index.mlp_in = builder.linear(layer + names.mlp_in, intermediate, hidden, Init::kClipMlp);
  index.mlp_out = builder.linear(layer + names.mlp_out, hidden, intermediate, Init::kClipDepth);
  return index;
}

Architecture describe_clip(const VitConfig& config) {
  Builder builder;
  Architecture& architecture = builder.architecture;
  const std::int64_t hidden = config.hidden_size;
  const FamilyNames& names = names_of(config.family);
  const std::string prefix = names.prefix;
  architecture.cls_token = builder.add({prefix + "embeddings.class_embedding"}, {hidden}, Init::kClipWidth);
  architecture.position_embeddings =
      builder.add({prefix + names.positions}, {config.num_positions(), hidden}, Init::kNormal);
  architecture.patch_projection.weight =
      builder.add({prefix + "embeddings.patch_embedding.weight"},
                  {hidden, config.num_channels, config.patch_size, config.patch_size}, Init::kNormal);
  architecture.first_norm = builder.layer_norm(prefix + "pre_layrnorm", hidden);  // so spelled
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
    architecture.layers.push_back(
        add_clip_layer(builder, config, prefix + "encoder.layers." + std::to_string(i) + "."));
  architecture.norm = builder.layer_norm(prefix + "post_layernorm", hidden);
  architecture.classifier =
      builder.linear("classifier", config.num_labels(), config.num_classifier_inputs(), Init::kClipWidth);
  return std::move(architecture);
}

}  // namespace

std::int64_t Parameter::size() const {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  return size;
}

Architecture describe(const VitConfig& config) {
  if (config.is_clip()) return describe_clip(config);
  Builder builder;
  Architecture& architecture = builder.architecture;
  const std::int64_t hidden = config.hidden_size;
  const std::string prefix = names_of(config.family).prefix;
  const std::string embeddings = prefix + "embeddings.";
  const std::string projection = embeddings + "patch_embeddings.projection";
  const bool is_deit = config.family == Family::kDeit;
  const Init init = is_deit ? Init::kZero : Init::kNormal;  // DeiTPreTrainedModel._init_weights
  architecture.cls_token = builder.add({embeddings + "cls_token"}, {1, 1, hidden}, init);
  if (is_deit)
    architecture.distillation_token = builder.add({embeddings + "distillation_token"}, {1, 1, hidden}, init);
  if (config.family == Family::kDinov2WithRegisters)
    architecture.register_tokens =
        builder.add({embeddings + "register_tokens"}, {1, config.num_register_tokens, hidden}, Init::kZero);
  architecture.position_embeddings =
      builder.add({prefix + names_of(config.family).positions}, {1, config.num_positions(), hidden}, init);
  architecture.patch_projection.weight =
      builder.add({projection + ".weight"},
                  {hidden, config.num_channels, config.patch_size, config.patch_size}, Init::kNormal);
  architecture.patch_projection.bias = builder.add({projection + ".bias"}, {hidden}, Init::kZero, false);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
    architecture.layers.push_back(
        add_layer(builder, config, prefix + "encoder.layer." + std::to_string(i) + "."));
  architecture.norm = builder.layer_norm(prefix + "layernorm", hidden);
  architecture.classifier = builder.linear("classifier", config.num_labels(), config.num_classifier_inputs());
  return std::move(architecture);
}

}  // namespace zoetrope::model
