// SPDX-License-Identifier: Apache-2.0
// The Vision Transformer as Hugging Face's ViTForImageClassification computes it: pre-norm encoder, no
// pooler, classifier on the CLS token after the final LayerNorm.
//
// Shapes: B images, C channels, S image side, P patches, T = P + 1 tokens, H hidden size, L labels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"
#include "zoetrope/model/safetensors.hpp"

namespace zoetrope::model {

// One tensor that is trained. Query, key and value of a layer are one tensor [3H, H] here (one matrix product
// instead of three) and three tensors on disk.
struct Parameter {
  struct Part {
    std::string name;  // on disk: "vit.encoder.layer.0.attention.attention.query.weight"
    std::int64_t first_row = 0;
    std::int64_t num_rows = 0;
  };
  std::vector<Part> parts;  // slices along dimension 0, in order, covering it
  std::vector<std::int64_t> shape;
  bool decays = false;      // takes weight decay: no bias, no LayerNorm (as Trainer decides)
  std::int64_t offset = 0;  // of its first element in the flat buffer
  std::int64_t size() const;
};

struct Architecture;  // which parameters a configuration has, and where each is used

// All parameters of a model, as views of one flat float32 buffer: an optimizer, a norm or a broadcast is then
// one pass over contiguous memory, and a gradient bucket is a range of a buffer of the same layout.
class Vit {
 public:
  // Zeros on `device`; see initialize() and load().
  explicit Vit(VitConfig config, at::Device device = at::kCPU);

  // Logits [B, L] of pixels float32 [B, C, S, S]. Records gradients as grad mode says.
  at::Tensor logits(const at::Tensor& pixels) const;
  // The CLS row after the final LayerNorm, [B, H]: AutoModel(...).last_hidden_state[:, 0].
  at::Tensor embed(const at::Tensor& pixels) const;
  // The classifier on embeddings [B, H].
  at::Tensor classify(const at::Tensor& embeddings) const;

  const VitConfig& config() const { return config_; }
  const std::vector<Parameter>& parameters() const;
  const std::vector<at::Tensor>& tensors() const { return tensors_; }  // leaves that require gradients
  const at::Tensor& flat() const { return flat_; }                     // float32 [padded number of elements]
  std::int64_t num_parameters() const;

  // A model over the same memory with leaves of its own: two threads can run backward at once.
  Vit replica() const;

 private:
  Vit() = default;
  at::Tensor embed_patches(const at::Tensor& pixels) const;
  at::Tensor attention_block(const at::Tensor& tokens, std::size_t layer) const;
  at::Tensor attention_block_cls(const at::Tensor& tokens, std::size_t layer) const;
  at::Tensor mlp_block(const at::Tensor& tokens, std::size_t layer) const;
  at::Tensor activate(const at::Tensor& x) const;
  const at::Tensor& tensor(int index) const { return tensors_[static_cast<std::size_t>(index)]; }
  void make_leaves();

  VitConfig config_;
  std::shared_ptr<const Architecture> architecture_;
  at::Tensor flat_;
  std::vector<at::Tensor> tensors_;
};

// Every parameter's slices of `flat` (a buffer of the model's layout: values, gradients, moments) under the
// names on disk, in order of creation. Views: writing to them writes to `flat`.
NamedTensors named_views(const std::vector<Parameter>& parameters, const at::Tensor& flat);

// As transformers initialises: truncated normal of standard deviation initializer_range for weights, the CLS
// token and the position embeddings; biases 0, LayerNorm 1 and 0. `only` restricts it to names that start so.
void initialize(Vit& model, std::uint64_t seed, const std::string& only = {});

// Floating-point operations of one image's forward pass (a multiply-add is two), as computed here: after the
// last attention only the CLS row.
double forward_flops(const VitConfig& config);

// SHA-256 over names, shapes and bytes of all parameters.
std::string digest(const Vit& model);

}  // namespace zoetrope::model
