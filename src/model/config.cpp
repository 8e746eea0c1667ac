// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/config.hpp"

#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "zoetrope/model/timm.hpp"
#include "zoetrope/support/error.hpp"

#include "family.hpp"

namespace zoetrope::model {

namespace {

using support::Json;
using support::json_get;
using support::json_get_or;

// Far above any model, and low enough that nothing below overflows or asks for all memory.
constexpr std::int64_t kMaxExtent = 1 << 20;
constexpr std::int64_t kMaxLayers = 10'000;
constexpr std::int64_t kMaxLabels = 1'000'000;
constexpr double kMaxParameters = 1e11;

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
                   "\"; supported are gelu, gelu_new, gelu_pytorch_tanh, quick_gelu and relu");
}

std::string name_of(Activation activation) {
  for (const auto& [name, known] : kActivations)
    if (activation == known) return name;
  return "gelu";
}

std::string quoted(const char* key) {
  std::string text = "\"";
  return text.append(key).append("\"");
}

// Reads fields of one file; errors name it and the key.
class Reader {
 public:
  Reader(const Json& json, const std::string& origin) : json_(json), origin_(origin) {}

  [[noreturn]] void fail(const std::string& what) const { throw InputError(origin_ + ": " + what); }

  template <typename T>
  void read(const char* key, T& value) const {
    value = json_get_or<T>(json_, key, value, origin_);
  }

  void read_extent(const char* key, std::int64_t& value, std::int64_t limit = kMaxExtent,
                   std::int64_t least = 1) const {
    if (json_.contains(key) && !json_.at(key).is_null()) value = extent(key, json_.at(key), limit, least);
  }

  // A number, or [height, width] of a square.
  void read_side(const char* key, std::int64_t& value) const {
    if (!json_.contains(key) || !json_.at(key).is_array()) return read_extent(key, value);
    const Json& sides = json_.at(key);
    if (sides.size() != 2 || sides[0] != sides[1])
      fail(quoted(key) + " is " + sides.dump() + "; only squares are supported");
    value = extent(key, sides[0], kMaxExtent, 1);
  }

  void read_non_negative(const char* key, double& value) const {
    read(key, value);
    constexpr double kMost = 1e12;
    if (value < 0 || value > kMost)
      fail(quoted(key) + " is " + json_.at(key).dump() + ", which no model has: give 0 to 1e12");
  }

 private:
  std::int64_t extent(const char* key, const Json& json, std::int64_t limit, std::int64_t least) const {
    // 10.0 is no whole number either: transformers refuses it too.
    if (!json.is_number_integer() || json < least || json > limit)
      fail(quoted(key) + " is " + json.dump() + ", which is no size of a model");
    return json.get<std::int64_t>();
  }

  const Json& json_;
  const std::string& origin_;
};

std::vector<std::string> default_labels(const Reader& reader) {
  std::int64_t count = 2;
  reader.read_extent("num_labels", count, kMaxLabels, 0);
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) labels.push_back("LABEL_" + std::to_string(i));
  return labels;
}

// transformers writes no id2label where there are two classes of the default names.
std::vector<std::string> read_labels(const Json& json, const Reader& reader, const std::string& origin) {
  if (!json.contains("id2label")) return default_labels(reader);
  const auto by_id = json_get<std::map<std::string, std::string>>(json, "id2label", origin);
  std::vector<std::string> labels(by_id.size());
  std::vector<bool> seen(by_id.size(), false);
  for (const auto& [id, label] : by_id) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), index);
    if (error != std::errc{} || end != id.data() + id.size() || index >= labels.size() || seen[index])
      reader.fail("\"id2label\" has the key \"" + id + "\"; its keys must be 0 to " +
                  std::to_string(labels.size() - 1));
    seen[index] = true;
    labels[index] = label;
  }
  return labels;
}

Family read_family(const Json& json, const std::string& origin) {
  const auto type = json_get<std::string>(json, "model_type", origin);
  const auto family = family_of(type);
  if (!family)
    throw InputError(origin + ": \"model_type\" is \"" + type +
                     "\"; supported are vit, deit, vit_mae and dinov2");
  return *family;
}

void read_dinov2(VitConfig& config, const Reader& reader) {
  reader.read_extent("mlp_ratio", config.mlp_ratio);
  reader.read("use_swiglu_ffn", config.use_swiglu_ffn);
  reader.read("use_mask_token", config.use_mask_token);
  reader.read("layerscale_value", config.layerscale_value);
  reader.read_non_negative("drop_path_rate", config.drop_path_rate);
  config.intermediate_size = config.hidden_size * config.mlp_ratio;
  // Dinov2SwiGLUFFN: two thirds, rounded up to a multiple of 8.
  if (config.use_swiglu_ffn) config.intermediate_size = (config.intermediate_size * 2 / 3 + 7) / 8 * 8;
}

// In floating point: the fields alone do not keep the product within 64 bits.
double estimate_parameters(const VitConfig& config) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto patch = static_cast<double>(config.patch_size);
  const double layer = hidden * (4 * hidden + 3 * static_cast<double>(config.intermediate_size));
  return static_cast<double>(config.num_hidden_layers) * layer +
         hidden * static_cast<double>(config.num_channels) * patch * patch +
         hidden * static_cast<double>(config.num_tokens() + 2 * config.num_labels());
}

void check_sizes(const VitConfig& config, const Reader& reader) {
  if (config.hidden_size % config.num_attention_heads != 0)
    reader.fail("\"hidden_size\" " + std::to_string(config.hidden_size) +
                " is not a multiple of \"num_attention_heads\" " +
                std::to_string(config.num_attention_heads));
  std::int64_t head_dim = config.head_size();
  reader.read_extent("head_dim", head_dim);
  if (head_dim != config.head_size())
    reader.fail("\"head_dim\" is not hidden_size / num_attention_heads, which is not supported");
  if (config.patch_size > config.image_size)
    reader.fail("\"patch_size\" " + std::to_string(config.patch_size) + " is larger than \"image_size\" " +
                std::to_string(config.image_size));
  if (estimate_parameters(config) > kMaxParameters)
    reader.fail(
        "\"hidden_size\", \"num_hidden_layers\" and the other sizes ask for more than 10^11 parameters");
}

// Every key that has a field.
Json fields_of(const VitConfig& config) {
  Json labels = Json::object(), ids = Json::object();
  for (std::size_t i = 0; i < config.id2label.size(); ++i) {
    labels[std::to_string(i)] = config.id2label[i];
    ids[config.id2label[i]] = i;
  }
  Json json = {{"architectures", {names_of(config.family).architecture}},
               {"attention_probs_dropout_prob", config.attention_probs_dropout_prob},
               {"dtype", "float32"},
               {"hidden_act", name_of(config.hidden_act)},
               {"hidden_dropout_prob", config.hidden_dropout_prob},
               {"hidden_size", config.hidden_size},
               {"id2label", labels},
               {"image_size", config.image_size},
               {"initializer_range", config.initializer_range},
               {"label2id", ids},
               {"layer_norm_eps", config.layer_norm_eps},
               {"model_type", names_of(config.family).model_type},
               {"num_attention_heads", config.num_attention_heads},
               {"num_channels", config.num_channels},
               {"num_hidden_layers", config.num_hidden_layers},
               {"patch_size", config.patch_size},
               {"qkv_bias", config.qkv_bias}};
  if (config.family != Family::kDinov2) {
    json["intermediate_size"] = config.intermediate_size;
    return json;
  }
  json["mlp_ratio"] = config.mlp_ratio;
  json["use_swiglu_ffn"] = config.use_swiglu_ffn;
  json["use_mask_token"] = config.use_mask_token;
  json["layerscale_value"] = config.layerscale_value;
  json["drop_path_rate"] = config.drop_path_rate;
  return json;
}

// What else the file says, without what no longer holds once the model is written as fields_of() names it.
Json other_keys(const VitConfig& config, Json json) {
  const Json fields = fields_of(config);
  for (const auto& [key, value] : fields.items()) json.erase(key);
  for (const char* key : {"torch_dtype", "num_labels"}) json.erase(key);
  if (config.family == Family::kVit)  // ViT-MAE's decoder, which is not kept
    for (const char* key : {"mask_ratio", "norm_pix_loss", "decoder_hidden_size", "decoder_intermediate_size",
                            "decoder_num_attention_heads", "decoder_num_hidden_layers"})
      json.erase(key);
  return json;
}

}  // namespace

VitConfig VitConfig::from_json(const Json& json, const std::string& origin) {
  if (!json.is_object()) throw InputError(origin + ": is not a JSON object");
  if (is_timm(json)) return from_json(timm_as_vit_config(json, origin), origin);
  const Reader reader(json, origin);
  VitConfig config;
  config.family = read_family(json, origin);
  if (config.family == Family::kDinov2) {  // Dinov2Config's defaults, where they are not ViTConfig's
    config.patch_size = 14;
    config.layer_norm_eps = 1e-6;
  }
  reader.read_extent("hidden_size", config.hidden_size);
  reader.read_extent("num_hidden_layers", config.num_hidden_layers, kMaxLayers);
  reader.read_extent("num_attention_heads", config.num_attention_heads);
  reader.read_extent("intermediate_size", config.intermediate_size);
  reader.read_side("image_size", config.image_size);
  reader.read_side("patch_size", config.patch_size);
  reader.read_extent("num_channels", config.num_channels);
  config.hidden_act = activation_of(json_get_or<std::string>(json, "hidden_act", "gelu", origin), origin);
  reader.read_non_negative("layer_norm_eps", config.layer_norm_eps);
  reader.read_non_negative("initializer_range", config.initializer_range);
  if (config.initializer_range == 0)
    config.initializer_range = 0.02;  // as PreTrainedModel._init_weights reads it
  reader.read("qkv_bias", config.qkv_bias);
  reader.read_non_negative("hidden_dropout_prob", config.hidden_dropout_prob);
  reader.read_non_negative("attention_probs_dropout_prob", config.attention_probs_dropout_prob);
  if (config.family == Family::kDinov2) read_dinov2(config, reader);
  config.id2label = read_labels(json, reader, origin);
  check_sizes(config, reader);
  config.other = other_keys(config, json);
  return config;
}

Json VitConfig::to_json() const {
  Json json = other;
  json.update(fields_of(*this));
  return json;
}

void require_no_dropout(const VitConfig& config, const std::string& origin) {
  for (const auto& [key, probability] :
       {std::pair{"hidden_dropout_prob", config.hidden_dropout_prob},
        std::pair{"attention_probs_dropout_prob", config.attention_probs_dropout_prob},
        std::pair{"drop_path_rate", config.drop_path_rate}})
    if (probability > 0)
      throw InputError(origin + ": config.json asks for dropout (\"" + key + "\" " +
                       std::to_string(probability) + "), which training here does not apply; set it to 0");
}

}  // namespace zoetrope::model
