// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::model {

namespace {

using support::Json;
using support::json_get;
using support::json_get_or;

constexpr std::int64_t kMaxExtent = 1 << 20;  // far above any model; keeps products within 64 bits
constexpr std::int64_t kMaxLabels = 1'000'000;

constexpr std::array<std::pair<const char*, Activation>, 5> kActivations = {
    {{"gelu", Activation::kGelu},
     {"gelu_new", Activation::kGeluTanh},
     {"gelu_pytorch_tanh", Activation::kGeluTanh},
     {"quick_gelu", Activation::kQuickGelu},
     {"relu", Activation::kRelu}}};

Activation activation_of(const std::string& name, const std::string& origin) {
  for (const auto& [known, activation] : kActivations)
    if (name == known) return activation;
  throw InputError(origin + ": \"hidden_act\" is \"" + name +
                   "\"; supported are gelu, gelu_new, quick_gelu and relu");
}

std::string name_of(Activation activation) {
  for (const auto& [name, known] : kActivations)
    if (activation == known) return name;
  return "gelu";
}

std::int64_t positive(const Json& json, const std::string& key, std::int64_t fallback,
                      const std::string& origin) {
  const auto value = json_get_or<std::int64_t>(json, key, fallback, origin);
  if (value < 1 || value > kMaxExtent)
    throw InputError(origin + ": \"" + key + "\" is " + std::to_string(value) +
                     ", which is no size of a model");
  return value;
}

// A number, or [height, width] of a square.
std::int64_t square_side(const Json& json, const std::string& key, std::int64_t fallback,
                         const std::string& origin) {
  if (!json.contains(key) || !json.at(key).is_array()) return positive(json, key, fallback, origin);
  const auto sides = json_get<std::vector<std::int64_t>>(json, key, origin);
  if (sides.size() != 2 || sides[0] != sides[1] || sides[0] < 1 || sides[0] > kMaxExtent)
    throw InputError(origin + ": \"" + key + "\" is " + json.at(key).dump() + "; only squares are supported");
  return sides[0];
}

std::vector<std::string> read_labels(const Json& json, const std::string& origin) {
  if (!json.contains("id2label")) {
    const auto count = json_get_or<std::int64_t>(json, "num_labels", 2, origin);
    if (count < 1 || count > kMaxLabels)
      throw InputError(origin + ": \"num_labels\" is " + std::to_string(count));
    std::vector<std::string> labels;
    for (std::int64_t i = 0; i < count; ++i) labels.push_back("LABEL_" + std::to_string(i));
    return labels;
  }
  const auto by_id = json_get<std::map<std::string, std::string>>(json, "id2label", origin);
  std::vector<std::string> labels(by_id.size());
  std::vector<bool> seen(by_id.size(), false);
  for (const auto& [id, label] : by_id) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), index);
    if (error != std::errc{} || end != id.data() + id.size() || index >= labels.size() || seen[index])
      throw InputError(origin + ": \"id2label\" has the key \"" + id + "\"; its keys must be 0 to " +
                       std::to_string(labels.size() - 1));
    seen[index] = true;
    labels[index] = label;
  }
  return labels;
}

void check_supported(const Json& json, const std::string& origin) {
  const auto type = json_get<std::string>(json, "model_type", origin);
  if (type != "vit")
    throw InputError(origin + ": \"model_type\" is \"" + type +
                     "\"; supported is vit (ViTModel, ViTForImageClassification)");
}

}  // namespace

VitConfig VitConfig::from_json(const Json& json, const std::string& origin) {
  if (!json.is_object()) throw InputError(origin + ": is not a JSON object");
  check_supported(json, origin);
  VitConfig config;
  config.hidden_size = positive(json, "hidden_size", config.hidden_size, origin);
  config.num_hidden_layers = positive(json, "num_hidden_layers", config.num_hidden_layers, origin);
  config.num_attention_heads = positive(json, "num_attention_heads", config.num_attention_heads, origin);
  config.intermediate_size = positive(json, "intermediate_size", config.intermediate_size, origin);
  config.image_size = square_side(json, "image_size", config.image_size, origin);
  config.patch_size = square_side(json, "patch_size", config.patch_size, origin);
  config.num_channels = positive(json, "num_channels", config.num_channels, origin);
  config.hidden_act = activation_of(json_get_or<std::string>(json, "hidden_act", "gelu", origin), origin);
  config.layer_norm_eps = json_get_or<double>(json, "layer_norm_eps", config.layer_norm_eps, origin);
  config.initializer_range = json_get_or<double>(json, "initializer_range", config.initializer_range, origin);
  if (config.initializer_range == 0)
    config.initializer_range = 0.02;  // as PreTrainedModel._init_weights reads it
  config.qkv_bias = json_get_or<bool>(json, "qkv_bias", config.qkv_bias, origin);
  config.hidden_dropout_prob = json_get_or<double>(json, "hidden_dropout_prob", 0, origin);
  config.attention_probs_dropout_prob = json_get_or<double>(json, "attention_probs_dropout_prob", 0, origin);
  config.id2label = read_labels(json, origin);

  if (config.hidden_size % config.num_attention_heads != 0)
    throw InputError(origin + ": \"hidden_size\" " + std::to_string(config.hidden_size) +
                     " is not a multiple of \"num_attention_heads\" " +
                     std::to_string(config.num_attention_heads));
  if (config.patch_size > config.image_size)
    throw InputError(origin + ": \"patch_size\" " + std::to_string(config.patch_size) +
                     " is larger than \"image_size\" " + std::to_string(config.image_size));
  return config;
}

Json VitConfig::to_json() const {
  Json labels = Json::object();
  Json ids = Json::object();
  for (std::size_t i = 0; i < id2label.size(); ++i) {
    labels[std::to_string(i)] = id2label[i];
    ids[id2label[i]] = i;
  }
  return {{"architectures", {"ViTForImageClassification"}},
          {"attention_probs_dropout_prob", attention_probs_dropout_prob},
          {"dtype", "float32"},
          {"hidden_act", name_of(hidden_act)},
          {"hidden_dropout_prob", hidden_dropout_prob},
          {"hidden_size", hidden_size},
          {"id2label", labels},
          {"image_size", image_size},
          {"initializer_range", initializer_range},
          {"intermediate_size", intermediate_size},
          {"label2id", ids},
          {"layer_norm_eps", layer_norm_eps},
          {"model_type", "vit"},
          {"num_attention_heads", num_attention_heads},
          {"num_channels", num_channels},
          {"num_hidden_layers", num_hidden_layers},
          {"patch_size", patch_size},
          {"qkv_bias", qkv_bias}};
}

}  // namespace zoetrope::model
