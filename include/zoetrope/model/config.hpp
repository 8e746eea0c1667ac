// SPDX-License-Identifier: Apache-2.0
// A Vision Transformer's config.json, as Hugging Face writes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/support/json.hpp"

namespace zoetrope::model {

enum class Activation { kGelu, kGeluTanh, kQuickGelu, kRelu };

struct VitConfig {
  std::int64_t hidden_size = 768;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t intermediate_size = 3072;
  std::int64_t image_size = 224;
  std::int64_t patch_size = 16;
  std::int64_t num_channels = 3;
  Activation hidden_act = Activation::kGelu;
  double layer_norm_eps = 1e-12;
  double initializer_range = 0.02;
  bool qkv_bias = true;
  double hidden_dropout_prob = 0;  // in training only; extraction needs none
  double attention_probs_dropout_prob = 0;
  std::vector<std::string> id2label;  // index is the class; its size is the number of labels

  std::int64_t num_labels() const { return static_cast<std::int64_t>(id2label.size()); }
  std::int64_t head_size() const { return hidden_size / num_attention_heads; }
  std::int64_t num_patches() const { return (image_size / patch_size) * (image_size / patch_size); }
  std::int64_t num_tokens() const { return num_patches() + 1; }  // with the CLS token

  // Throws InputError naming `origin` and the key: on another architecture, on sizes that do not divide, on
  // options that are not supported (dropout, ...).
  static VitConfig from_json(const support::Json& json, const std::string& origin);
  support::Json to_json() const;  // what AutoModelForImageClassification.from_pretrained reads
};

}  // namespace zoetrope::model
