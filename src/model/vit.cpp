// SPDX-License-Identifier: Apache-2.0
// Shapes: B images, T tokens, H hidden, N heads, D = H / N.
#include "zoetrope/model/vit.hpp"

#include <ATen/ATen.h>

#include "zoetrope/support/digest.hpp"

#include "architecture.hpp"

namespace zoetrope::model {

Vit::Vit(VitConfig config, at::Device device)
    : config_(std::move(config)), architecture_(std::make_shared<const Architecture>(describe(config_))) {
  flat_ = at::zeros({architecture_->flat_size}, at::TensorOptions().dtype(at::kFloat).device(device));
  make_leaves();
}

void Vit::make_leaves() {
  tensors_.clear();
  for (const Parameter& parameter : architecture_->parameters) {
    at::Tensor view = flat_.narrow(0, parameter.offset, parameter.size()).view(parameter.shape).detach();
    tensors_.push_back(view.requires_grad_(true));
  }
}

Vit Vit::replica() const {
  Vit copy;
  copy.config_ = config_;
  copy.architecture_ = architecture_;
  copy.flat_ = flat_;
  copy.make_leaves();
  return copy;
}

const std::vector<Parameter>& Vit::parameters() const {
  return architecture_->parameters;
}

std::int64_t Vit::num_parameters() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters()) count += parameter.size();
  return count;
}

namespace {

at::Tensor optional_tensor(const std::vector<at::Tensor>& tensors, int index) {
  return index < 0 ? at::Tensor() : tensors[static_cast<std::size_t>(index)];
}

at::Tensor linear(const at::Tensor& x, const std::vector<at::Tensor>& tensors, const Affine& affine) {
  return at::linear(x, tensors[static_cast<std::size_t>(affine.weight)],
                    optional_tensor(tensors, affine.bias));
}

at::Tensor layer_norm(const at::Tensor& x, const std::vector<at::Tensor>& tensors, const Affine& affine,
                      double eps) {
  return at::layer_norm(x, {x.size(-1)}, tensors[static_cast<std::size_t>(affine.weight)],
                        tensors[static_cast<std::size_t>(affine.bias)], eps);
}

}  // namespace

// A convolution whose stride is its kernel's size is one matrix product over the patches' pixels.
at::Tensor Vit::embed_patches(const at::Tensor& pixels) const {
  const std::int64_t batch = pixels.size(0), channels = config_.num_channels, side = config_.patch_size;
  const std::int64_t grid = config_.image_size / side;
  const at::Tensor inside =
      pixels.slice(2, 0, grid * side).slice(3, 0, grid * side);  // what the kernel covers
  const at::Tensor patches = inside.reshape({batch, channels, grid, side, grid, side})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({batch, grid * grid, channels * side * side});
  const Affine& projection = architecture_->patch_projection;
  const at::Tensor weight = tensor(projection.weight).view({config_.hidden_size, channels * side * side});
  const at::Tensor tokens = at::linear(patches, weight, tensor(projection.bias));  // (B, P, H)
  const at::Tensor cls = tensor(architecture_->cls_token).expand({batch, 1, config_.hidden_size});
  return at::cat({cls, tokens}, 1) + tensor(architecture_->position_embeddings);  // (B, T, H)
}

at::Tensor Vit::attention_block(const at::Tensor& tokens, std::size_t layer) const {
  const LayerIndex& index = architecture_->layers[layer];
  const std::int64_t batch = tokens.size(0), length = tokens.size(1), heads = config_.num_attention_heads;
  const at::Tensor normed = layer_norm(tokens, tensors_, index.norm_before, config_.layer_norm_eps);
  const at::Tensor qkv = linear(normed, tensors_, index.qkv)
                             .view({batch, length, 3, heads, config_.head_size()})
                             .permute({2, 0, 3, 1, 4});  // (3, B, N, T, D)
  const at::Tensor context = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
  const at::Tensor joined = context.transpose(1, 2).reshape({batch, length, config_.hidden_size});
  return tokens + linear(joined, tensors_, index.attention_out);
}

// In the last layer only the CLS token's row is used: its query attends to every token's key and value, and
// nothing else of the layer is computed for the other rows.
at::Tensor Vit::attention_block_cls(const at::Tensor& tokens, std::size_t layer) const {
  const LayerIndex& index = architecture_->layers[layer];
  const std::int64_t batch = tokens.size(0), length = tokens.size(1), heads = config_.num_attention_heads;
  const std::int64_t hidden = config_.hidden_size, head_size = config_.head_size();
  const at::Tensor normed = layer_norm(tokens, tensors_, index.norm_before, config_.layer_norm_eps);
  const at::Tensor weight = tensor(index.qkv.weight);
  const at::Tensor bias = optional_tensor(tensors_, index.qkv.bias);
  const auto rows = [&](std::int64_t first, std::int64_t count) {
    return bias.defined() ? bias.narrow(0, first, count) : at::Tensor();
  };
  const at::Tensor query = at::linear(normed.select(1, 0), weight.narrow(0, 0, hidden), rows(0, hidden))
                               .view({batch, heads, 1, head_size});
  const at::Tensor key_value =
      at::linear(normed, weight.narrow(0, hidden, 2 * hidden), rows(hidden, 2 * hidden))
          .view({batch, length, 2, heads, head_size})
          .permute({2, 0, 3, 1, 4});  // (2, B, N, T, D)
  const at::Tensor context =
      at::scaled_dot_product_attention(query, key_value[0], key_value[1]).reshape({batch, hidden});
  return tokens.select(1, 0) + linear(context, tensors_, index.attention_out);  // (B, H)
}

at::Tensor Vit::activate(const at::Tensor& x) const {
  switch (config_.hidden_act) {
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kQuickGelu:
      return x * at::sigmoid(1.702 * x);
    case Activation::kRelu:
      return at::relu(x);
  }
  return x;
}

at::Tensor Vit::mlp_block(const at::Tensor& tokens, std::size_t layer) const {
  const LayerIndex& index = architecture_->layers[layer];
  const at::Tensor normed = layer_norm(tokens, tensors_, index.norm_after, config_.layer_norm_eps);
  return tokens + linear(activate(linear(normed, tensors_, index.mlp_in)), tensors_, index.mlp_out);
}

at::Tensor Vit::embed(const at::Tensor& pixels) const {
  at::Tensor tokens = embed_patches(pixels);
  const std::size_t last = architecture_->layers.size() - 1;
  for (std::size_t layer = 0; layer < last; ++layer)
    tokens = mlp_block(attention_block(tokens, layer), layer);
  const at::Tensor cls = mlp_block(attention_block_cls(tokens, last), last);
  return layer_norm(cls, tensors_, architecture_->norm, config_.layer_norm_eps);
}

at::Tensor Vit::classify(const at::Tensor& embeddings) const {
  return linear(embeddings, tensors_, architecture_->classifier);
}

at::Tensor Vit::logits(const at::Tensor& pixels) const {
  return classify(embed(pixels));
}

NamedTensors named_views(const std::vector<Parameter>& parameters, const at::Tensor& flat) {
  NamedTensors views;
  for (const Parameter& parameter : parameters) {
    const at::Tensor whole = flat.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
    for (const Parameter::Part& part : parameter.parts)
      views.emplace_back(part.name, whole.narrow(0, part.first_row, part.num_rows));
  }
  return views;
}

double forward_flops(const VitConfig& config) {
  const auto hidden = static_cast<double>(config.hidden_size),
             tokens = static_cast<double>(config.num_tokens());
  const auto mlp = static_cast<double>(config.intermediate_size),
             layers = static_cast<double>(config.num_hidden_layers);
  const auto pixels = static_cast<double>(config.num_channels * config.patch_size * config.patch_size);
  const double patches = static_cast<double>(config.num_patches()) * pixels * hidden;
  const double full_layer = tokens * (4 * hidden * hidden + 2 * hidden * mlp) + 2 * tokens * tokens * hidden;
  const double last_layer =
      tokens * 2 * hidden * hidden + 2 * hidden * hidden + 2 * hidden * mlp + 2 * tokens * hidden;
  return 2 * (patches + (layers - 1) * full_layer + last_layer +
              hidden * static_cast<double>(config.num_labels()));
}

std::string digest(const Vit& model) {
  support::Sha256 digest;
  const at::Tensor flat = model.flat().detach().to(at::kCPU);
  for (const auto& [name, tensor] : named_views(model.parameters(), flat)) {
    digest.update(name);
    digest.update(c10::str(tensor.sizes()));
    digest.update(std::span(static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()));
  }
  return digest.hex();
}

}  // namespace zoetrope::model
