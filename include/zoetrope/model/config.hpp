// SPDX-License-Identifier: Apache-2.0
// A Vision Transformer's config.json, as Hugging Face writes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/support/json.hpp"

namespace zoetrope::model {

enum class Activation {
  kGelu,
  kGeluTanh,
  kClippedGelu,
  kQuickGelu,
  kRelu,
  kRelu6,
  kSquaredRelu,
  kLeakyRelu,
  kSilu,
  kMish,
  kHardswish,
  kSigmoid,
  kTanh,
  kLaplace,
  kSqrtSoftplus,
  kLinear
};

// kVit: ViTModel and what is built on it; ViT-MAE's encoder is read as one. kDeit: with a distillation token
// after the CLS token. kDinov2: LayerScale, and a classifier on the CLS token and the patches' mean.
// kDinov2WithRegisters: the same, with tokens between CLS and the patches that have no position. kClip: the
// vision tower of CLIP, with a LayerNorm before its layers, and a classifier on the patches' mean.
enum class Family { kVit, kDeit, kDinov2, kDinov2WithRegisters, kClip };

// The class of image processor that AutoImageProcessor takes where its file names none; "" where it takes
// none.
const char* processor_class(Family family);

// "LABEL_0", "LABEL_1" and so on, as transformers calls classes without names.
std::vector<std::string> default_labels(std::int64_t count);

struct VitConfig {
  Family family = Family::kVit;
  std::int64_t hidden_size = 768;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t intermediate_size = 3072;  // columns of the MLP's second matrix
  std::int64_t image_size = 224;          // that the position embeddings are made for
  std::int64_t patch_size = 16;
  std::int64_t num_channels = 3;
  Activation hidden_act = Activation::kGelu;
  double layer_norm_eps = 1e-12;
  double initializer_range = 0.02;
  bool qkv_bias = true;
  double hidden_dropout_prob = 0;  // in training only; extraction needs none
  double attention_probs_dropout_prob = 0;
  std::vector<std::string> id2label;  // index is the class; its size is the number of labels

  // DINOv2 only, with registers or without.
  std::int64_t mlp_ratio = 4;  // intermediate_size follows from it
  bool use_swiglu_ffn = false;
  double layerscale_value = 1;
  double drop_path_rate = 0;  // in training only
  bool use_mask_token = true;
  std::int64_t num_register_tokens = 0;

  double initializer_factor = 1;  // CLIP only

  support::Json other = support::Json::object();  // the file's keys that have no field here, kept for to_json

  std::int64_t num_labels() const { return static_cast<std::int64_t>(id2label.size()); }
  std::int64_t head_size() const { return hidden_size / num_attention_heads; }
  bool is_dinov2() const { return family == Family::kDinov2 || family == Family::kDinov2WithRegisters; }
  bool is_clip() const { return family == Family::kClip; }
  bool has_layer_scale() const { return is_dinov2(); }
  bool pools_patches() const { return is_dinov2() || is_clip(); }
  // The CLS token's row, and the patches' mean where the classifier takes that, alone or beside it.
  std::int64_t num_features() const { return pools_patches() ? 2 * hidden_size : hidden_size; }
  std::int64_t num_classifier_inputs() const { return is_clip() ? hidden_size : num_features(); }

  std::int64_t grid() const { return image_size / patch_size; }  // patches along a side
  std::int64_t num_patches() const { return grid() * grid(); }
  // Tokens before the patches: CLS and DeiT's distillation token, which have positions, and registers.
  std::int64_t num_prefix_positions() const { return family == Family::kDeit ? 2 : 1; }
  std::int64_t num_prefix_tokens() const { return num_prefix_positions() + num_register_tokens; }
  std::int64_t num_positions() const { return num_patches() + num_prefix_positions(); }
  std::int64_t num_tokens() const { return num_patches() + num_prefix_tokens(); }
  // For square images of another size than image_size: the position embeddings are interpolated.
  std::int64_t num_tokens(std::int64_t side) const {
    return (side / patch_size) * (side / patch_size) + num_prefix_tokens();
  }

  // Throws InputError naming `origin` and the key: on another architecture, on sizes that do not divide, on
  // options that are not supported.
  static VitConfig from_json(const support::Json& json, const std::string& origin);
  support::Json to_json() const;  // what AutoModelForImageClassification.from_pretrained reads
};

// What Trainer writes into a model that it has trained on one class per image, as "problem_type".
inline constexpr const char* kOneClassPerImage = "single_label_classification";

// Training here applies neither dropout nor stochastic depth. Throws InputError naming `origin` and the key
// of a configuration that asks for them.
void require_no_dropout(const VitConfig& config, const std::string& origin);

// The same of a configuration whose "problem_type" asks for several classes or for a number per image.
void require_one_class_per_image(const VitConfig& config, const std::string& origin);

}  // namespace zoetrope::model
