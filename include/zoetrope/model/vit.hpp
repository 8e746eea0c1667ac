// SPDX-License-Identifier: Apache-2.0
// The Vision Transformer as Hugging Face's ViTForImageClassification, DeiTForImageClassification,
// Dinov2ForImageClassification, Dinov2WithRegistersForImageClassification and CLIPForImageClassification
// compute it: pre-norm encoder, no pooler, a linear classifier on the CLS token after the final LayerNorm
// (DINOv2: on that and the patches' mean; CLIP: on the patches' mean).
//
// Shapes: B images, C channels, S image side, P patches, T tokens, H hidden size, F features, L labels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/model/config.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/store/safetensors.hpp"

namespace zoetrope::model {

// How transformers initialises a parameter.
// The last three are CLIP's, by its width, by that and its depth, and within its MLPs.
enum class Init { kZero, kOne, kNormal, kLayerScale, kClipWidth, kClipDepth, kClipMlp };

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
  Init init = Init::kZero;
  bool decays = false;      // takes weight decay: no bias, no LayerNorm (as Trainer decides)
  std::int64_t offset = 0;  // of its first element in the flat buffer
  std::int64_t size() const;
};

class Forward;
struct Architecture;  // which parameters a configuration has, and where each is used

// All parameters of a model, as views of one flat float32 buffer: an optimizer, a norm or a broadcast is then
// one pass over contiguous memory, and a gradient bucket is a range of a buffer of the same layout.
class Vit {
 public:
  // Zeros on `device`; see initialize() and load_checkpoint().
  explicit Vit(VitConfig config, at::Device device = at::kCPU);

  // Logits [B, L] of pixels float32 [B, C, S, S]. Records gradients as grad mode says. Where S is not the
  // configuration's image_size, the position embeddings are interpolated, as with transformers'
  // interpolate_pos_encoding. `rounded`, here and below, is in which precision: what rounded() gave.
  at::Tensor logits(const at::Tensor& pixels, const at::Tensor& rounded = {}) const;
  // The CLS row after the final LayerNorm, [B, H]: AutoModel(...).last_hidden_state[:, 0].
  at::Tensor embed(const at::Tensor& pixels, const at::Tensor& rounded = {}) const;
  // For classify(), [B, F]: the CLS row, and beside it the patches' mean where the family has it.
  at::Tensor features(const at::Tensor& pixels, const at::Tensor& rounded = {}) const;
  // The classifier on features [B, F].
  at::Tensor classify(const at::Tensor& features, const at::Tensor& rounded = {}) const;
  // Its weight [L, F] and its bias [L]: views of flat().
  std::pair<at::Tensor, at::Tensor> classifier() const;
  // The values as matrix products of `precision` take them, for passes until they change: in bfloat16 a copy
  // of flat(), made once for all of them; undefined in the others, which take the values themselves.
  at::Tensor rounded(Precision precision) const;

  const VitConfig& config() const { return config_; }
  const std::vector<Parameter>& parameters() const;
  const std::vector<at::Tensor>& tensors() const { return tensors_; }  // leaves that require gradients
  const at::Tensor& flat() const { return flat_; }                     // float32 [padded number of elements]
  std::int64_t num_parameters() const;

  // A model over the same memory with leaves of its own: two threads can run backward at once.
  Vit replica() const;
  // The same model over `flat`, memory of this layout on any device.
  Vit over(at::Tensor flat) const;
  // A copy in a device's memory.
  Vit to(at::Device device) const;

  // Tensors of the family that classification never uses (DINOv2's mask token), under their names on disk:
  // they are written back with every checkpoint.
  store::NamedTensors extra_tensors;

 private:
  Vit() = default;
  void make_leaves();
  Forward forward(const at::Tensor& rounded) const;

  VitConfig config_;
  std::shared_ptr<const Architecture> architecture_;
  at::Tensor flat_;
  std::vector<at::Tensor> tensors_;
};

// Every parameter's slices of `flat` (a buffer of the model's layout: values, gradients, moments) under the
// names on disk, in order of creation. Views: writing to them writes to `flat`.
store::NamedTensors named_views(const std::vector<Parameter>& parameters, const at::Tensor& flat);

// As transformers initialises a model of this family. `only` restricts it to names that start so.
void initialize(Vit& model, std::uint64_t seed, const std::string& only = {});

}  // namespace zoetrope::model
