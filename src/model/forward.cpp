// SPDX-License-Identifier: Apache-2.0
// Shapes: B images, T tokens, H hidden.
#include "forward.hpp"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "activation.hpp"
#include "positions.hpp"

namespace zoetrope::model {

Rounded Forward::rounded(int index) const {
  if (index < 0) return {};
  const Parameter& parameter = architecture_.parameters[static_cast<std::size_t>(index)];
  if (!rounded_.defined()) return {tensor(index), {}};
  return {tensor(index), rounded_.narrow(0, parameter.offset, parameter.size()).view(parameter.shape)};
}

Forward::Weights Forward::weights(const Affine& affine) const {
  return {rounded(affine.weight), rounded(affine.bias)};
}

// The first rows of a layer's weight and bias, and the others.
std::array<Forward::Weights, 2> Forward::split_rows(const Weights& weights, std::int64_t first) const {
  const auto split = [&](const at::Tensor& x) {
    return x.defined() ? x.split_with_sizes({first, x.size(0) - first}) : std::vector<at::Tensor>(2);
  };
  const auto weight = split(weights.weight.parameter), weight_values = split(weights.weight.values);
  const auto bias = split(weights.bias.parameter), bias_values = split(weights.bias.values);
  return {Weights{{weight[0], weight_values[0]}, {bias[0], bias_values[0]}},
          Weights{{weight[1], weight_values[1]}, {bias[1], bias_values[1]}}};
}

at::Tensor Forward::linear(const at::Tensor& x, const Weights& weights) const {
  if (rounded_.defined()) return linear_bf16(x, weights.weight, weights.bias);
  return model::linear(x, weights.weight.parameter, weights.bias.parameter);
}

// The LayerNorm's input becomes one sum.
at::Tensor Forward::normed(Stream& tokens, const Affine& norm) const {
  const NormParameters parameters{tensor(norm.weight), tensor(norm.bias), config_.layer_norm_eps};
  if (kernels_) {
    const auto [sum, result] = add_norm(kernels_, tokens.sum, tokens.branch, tokens.bias, parameters);
    tokens = {sum, {}, {}};
    return result;
  }
  const at::Tensor result =
      at::layer_norm(tokens.sum, {tokens.sum.size(-1)}, parameters.weight, parameters.shift, parameters.eps);
  return rounded_.defined() ? result.to(at::kBFloat16) : result;
}

// In float32, as the next two.
at::Tensor Forward::sum_of(const Stream& tokens) {
  at::Tensor sum = tokens.sum;
  if (tokens.branch.defined()) sum = sum + tokens.branch;
  if (tokens.bias.defined()) sum = sum + tokens.bias;
  return sum;
}

at::Tensor Forward::float_norm(const at::Tensor& rows, const Affine& norm) const {
  return at::layer_norm(rows, {rows.size(-1)}, tensor(norm.weight), tensor(norm.bias),
                        config_.layer_norm_eps);
}

at::Tensor Forward::last_norm(const Stream& tokens) const {
  return float_norm(sum_of(tokens), architecture_.norm);
}

// The residual connection, with LayerScale where the family has it.
void Forward::add_linear(Stream& to, const at::Tensor& x, const Affine& affine, int scale) const {
  if (kernels_ && scale < 0) {
    to.branch = linear(x, {rounded(affine.weight), {}});
    to.bias = optional_tensor(affine.bias);
    return;
  }
  const at::Tensor branch = linear(x, weights(affine));
  to.sum = scale < 0 ? to.sum + branch : at::addcmul(to.sum, branch.to(at::kFloat), tensor(scale));
}

// A convolution whose stride is its kernel's size is one matrix product over the patches' pixels.
at::Tensor Forward::embed_patches(const at::Tensor& pixels) const {
  const std::int64_t batch = pixels.size(0), channels = config_.num_channels, side = config_.patch_size;
  const std::int64_t rows = pixels.size(2) / side, columns = pixels.size(3) / side;
  const at::Tensor inside =
      pixels.slice(2, 0, rows * side).slice(3, 0, columns * side);  // what the kernel covers
  const at::Tensor patches = inside.reshape({batch, channels, rows, side, columns, side})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({batch, rows * columns, channels * side * side});
  const Affine& projection = architecture_.patch_projection;
  const at::Tensor positions =
      interpolate_positions(config_, tensor(architecture_.position_embeddings), rows, columns);
  std::vector<at::Tensor> parts = {tensor(architecture_.cls_token)};
  if (architecture_.distillation_token >= 0) parts.push_back(tensor(architecture_.distillation_token));
  Weights as_rows = weights(projection);
  for (at::Tensor* const weight : {&as_rows.weight.parameter, &as_rows.weight.values})
    if (weight->defined()) *weight = weight->view({config_.hidden_size, channels * side * side});
  for (at::Tensor& token : parts) token = token.expand({batch, 1, config_.hidden_size});
  parts.push_back(linear(patches, as_rows));                               // (B, P, H)
  const at::Tensor tokens = add_registers(at::cat(parts, 1) + positions);  // (B, T, H)
  return architecture_.first_norm.weight < 0 ? tokens : float_norm(tokens, architecture_.first_norm);
}

at::Tensor Forward::add_registers(const at::Tensor& tokens) const {
  if (architecture_.register_tokens < 0) return tokens;
  const at::Tensor registers = tensor(architecture_.register_tokens).expand({tokens.size(0), -1, -1});
  return at::cat({tokens.slice(1, 0, 1), registers, tokens.slice(1, 1)}, 1);
}

Forward::Stream Forward::attention_block(Stream tokens, const LayerIndex& index) const {
  const at::Tensor qkv = linear(normed(tokens, index.norm_before), weights(index.qkv));  // (B, T, 3H)
  const at::Tensor context = self_attention(qkv, config_.num_attention_heads);
  add_linear(tokens, context, index.attention_out, index.attention_scale);
  return tokens;
}

// Where only the CLS token's row is used after the last layer: its query attends to every token's key and
// value, and nothing else of the layer is computed for the other rows.
Forward::Stream Forward::attention_block_cls(Stream tokens, const LayerIndex& index) const {
  const at::Tensor rows = normed(tokens, index.norm_before);
  const auto [of_query, of_key_value] = split_rows(weights(index.qkv), config_.hidden_size);
  const at::Tensor query = linear(rows.select(1, 0), of_query);  // (B, H)
  const at::Tensor key_value = linear(rows, of_key_value);       // (B, T, 2H)
  const at::Tensor context = token_attention(query, key_value, config_.num_attention_heads);
  Stream cls{tokens.sum.select(1, 0), {}, {}};  // (B, H)
  add_linear(cls, context, index.attention_out, index.attention_scale);
  return cls;
}

at::Tensor Forward::activate(const at::Tensor& x) const {
  if (config_.use_swiglu_ffn) {
    const std::vector<at::Tensor> halves = x.chunk(2, -1);
    return at::silu(halves[0]) * halves[1];
  }
  return model::activate(config_.hidden_act, x);
}

at::Tensor Forward::mlp_inner(const at::Tensor& normed, const LayerIndex& index) const {
  if (kernels_ && config_.hidden_act == Activation::kGelu && !config_.use_swiglu_ffn)
    return bias_gelu(kernels_, linear(normed, {rounded(index.mlp_in.weight), {}}), tensor(index.mlp_in.bias));
  return activate(linear(normed, weights(index.mlp_in)));
}

Forward::Stream Forward::mlp_block(Stream tokens, const LayerIndex& index) const {
  const at::Tensor inner = mlp_inner(normed(tokens, index.norm_after), index);
  add_linear(tokens, inner, index.mlp_out, index.mlp_scale);
  return tokens;
}

bool Forward::can_fuse(const at::Tensor& tokens) const {
  const bool is_alone = at::in_parallel_region() || at::get_num_threads() == 1;
  return is_alone && !rounded_.defined() && is_plain_float(tokens) && can_fuse_layer(config_, tokens.size(1));
}

EncoderLayerWeights Forward::weights_of(const LayerIndex& index) const {
  return {.norm_weight = tensor(index.norm_before.weight),
          .norm_bias = tensor(index.norm_before.bias),
          .qkv_weight = tensor(index.qkv.weight),
          .qkv_bias = optional_tensor(index.qkv.bias),
          .out_weight = tensor(index.attention_out.weight),
          .out_bias = tensor(index.attention_out.bias),
          .mlp = {.norm_weight = tensor(index.norm_after.weight),
                  .norm_bias = tensor(index.norm_after.bias),
                  .in_weight = tensor(index.mlp_in.weight),
                  .in_bias = tensor(index.mlp_in.bias),
                  .out_weight = tensor(index.mlp_out.weight),
                  .out_bias = tensor(index.mlp_out.bias)}};
}

Forward::Stream Forward::layer(Stream tokens, const LayerIndex& index) const {
  if (can_fuse(tokens.sum)) return {encoder_layer(config_, tokens.sum, weights_of(index)), {}, {}};
  return mlp_block(attention_block(std::move(tokens), index), index);
}

// The CLS token's row of a layer after which no other is used.
Forward::Stream Forward::last_layer_cls(Stream tokens, const LayerIndex& index) const {
  if (can_fuse(tokens.sum)) return {encoder_layer_of_first(config_, tokens.sum, weights_of(index)), {}, {}};
  return mlp_block(attention_block_cls(std::move(tokens), index), index);
}

Forward::Stream Forward::layers_before_last(const at::Tensor& pixels) const {
  Stream tokens{embed_patches(pixels), {}, {}};
  for (std::size_t i = 0; i + 1 < architecture_.layers.size(); ++i)
    tokens = layer(std::move(tokens), architecture_.layers[i]);
  return tokens;
}

at::Tensor Forward::cls(const at::Tensor& pixels) const {
  return last_norm(last_layer_cls(layers_before_last(pixels), architecture_.layers.back()));
}

at::Tensor Forward::features(const at::Tensor& pixels) const {
  if (!config_.pools_patches()) return cls(pixels);
  const Stream last = layer(layers_before_last(pixels), architecture_.layers.back());
  if (config_.is_clip()) {  // CLIPForImageClassification: the patches' mean is of rows before the LayerNorm
    const at::Tensor rows = sum_of(last);
    return at::cat({float_norm(rows.select(1, 0), architecture_.norm), rows.slice(1, 1).mean(1)}, 1);
  }
  const at::Tensor tokens = last_norm(last);
  return at::cat({tokens.select(1, 0), tokens.slice(1, config_.num_prefix_tokens()).mean(1)}, 1);
}

at::Tensor Forward::classify(const at::Tensor& features) const {
  const at::Tensor inputs =
      config_.is_clip() ? features.slice(1, config_.hidden_size).contiguous() : features;
  return linear(inputs, weights(architecture_.classifier));
}

}  // namespace zoetrope::model
