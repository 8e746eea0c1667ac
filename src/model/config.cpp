// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/config.hpp"

#include <optional>
#include <utility>

#include "zoetrope/model/timm.hpp"
#include "zoetrope/support/error.hpp"

#include "config_reader.hpp"
#include "family.hpp"

namespace zoetrope::model {

namespace {

using support::Json;
using support::json_get;

constexpr double kMaxParameters = 1e11;

Family read_family(const Json& json, const ConfigReader& reader, const std::string& origin) {
  const auto type = json_get<std::string>(json, "model_type", origin);
  const auto family = family_of(type);
  if (!family) reader.fail("\"model_type\" is \"" + type + "\"" + about_other_family(type));
  return *family;
}

using Families = unsigned;
constexpr Families only(Family family) {
  return 1U << static_cast<unsigned>(family);
}
constexpr Families kVits = only(Family::kVit) | only(Family::kDeit);
constexpr Families kDinov2s = only(Family::kDinov2) | only(Family::kDinov2WithRegisters);
constexpr Families kClips = only(Family::kClip);
constexpr Families kNamed = kVits | kDinov2s;  // by transformers' older names
constexpr Families kAll = kNamed | kClips;

// Every key that decides what a model computes or how it is trained here, and how it is read.
struct Field {
  const char* key;
  Families families;
  void (*read)(const ConfigReader&, const char* key, VitConfig&);
};

template <std::int64_t VitConfig::*kMember>
void extent(const ConfigReader& reader, const char* key, VitConfig& config) {
  reader.read_extent(key, config.*kMember);
}
template <std::int64_t VitConfig::*kMember>
void side(const ConfigReader& reader, const char* key, VitConfig& config) {
  reader.read_side(key, config.*kMember);
}
template <bool VitConfig::*kMember>
void flag(const ConfigReader& reader, const char* key, VitConfig& config) {
  reader.read(key, config.*kMember);
}
template <double VitConfig::*kMember>
void non_negative(const ConfigReader& reader, const char* key, VitConfig& config) {
  reader.read_non_negative(key, config.*kMember);
}

constexpr Field kFields[] = {
    {"hidden_size", kAll, extent<&VitConfig::hidden_size>},
    {"num_hidden_layers", kAll,
     [](const ConfigReader& reader, const char* key, VitConfig& config) {
       reader.read_layers(key, config.num_hidden_layers);
     }},
    {"num_attention_heads", kAll, extent<&VitConfig::num_attention_heads>},
    {"intermediate_size", kVits | kClips, extent<&VitConfig::intermediate_size>},
    {"image_size", kAll, side<&VitConfig::image_size>},
    {"patch_size", kAll, side<&VitConfig::patch_size>},
    {"num_channels", kAll, extent<&VitConfig::num_channels>},
    {"hidden_act", kAll,
     [](const ConfigReader& reader, const char* key, VitConfig& config) {
       reader.read_activation(key, config.hidden_act);
     }},
    {"layer_norm_eps", kAll, non_negative<&VitConfig::layer_norm_eps>},
    {"initializer_range", kAll, non_negative<&VitConfig::initializer_range>},
    {"qkv_bias", kNamed, flag<&VitConfig::qkv_bias>},
    {"hidden_dropout_prob", kNamed, non_negative<&VitConfig::hidden_dropout_prob>},
    {"attention_probs_dropout_prob", kNamed, non_negative<&VitConfig::attention_probs_dropout_prob>},
    {"attention_dropout", kClips, non_negative<&VitConfig::attention_probs_dropout_prob>},
    {"initializer_factor", kClips, non_negative<&VitConfig::initializer_factor>},
    {"mlp_ratio", kDinov2s, extent<&VitConfig::mlp_ratio>},
    {"use_swiglu_ffn", kDinov2s, flag<&VitConfig::use_swiglu_ffn>},
    {"layerscale_value", kDinov2s,
     [](const ConfigReader& reader, const char* key, VitConfig& config) {
       reader.read(key, config.layerscale_value);
     }},
    {"drop_path_rate", kDinov2s, non_negative<&VitConfig::drop_path_rate>},
    {"use_mask_token", only(Family::kDinov2), flag<&VitConfig::use_mask_token>},
    {"num_register_tokens", only(Family::kDinov2WithRegisters),
     [](const ConfigReader& reader, const char* key, VitConfig& config) {
       reader.read_count(key, config.num_register_tokens);
     }},
};

// Keys under which transformers computes something else.
constexpr std::pair<const char*, const char*> kRefused[] = {
    {"per_layer_config", "layers differ from one another"},
    {"quantization_config", "the weights are quantised"},
};

// Of a file of CLIP's both towers, that of images. The older key goes first, as in CLIPConfig.__post_init__,
// and what it leaves out has its default even where "vision_config" says something else.
std::optional<Json> vision_tower(const Json& json, const ConfigReader& reader) {
  if (json.at("model_type") != "clip") return std::nullopt;
  for (const char* key : {"vision_config_dict", "vision_config"}) {
    Json tower = json.value(key, Json());
    if (tower.is_object()) return tower;
    if (!tower.is_null())
      reader.fail(std::string("\"") + key + "\" is " + tower.dump() + "; it must be an object");
  }
  return Json::object();
}

// Where they are not ViTConfig's.
void set_defaults(const Json& json, VitConfig& config) {
  if (json.at("model_type") == "vit_msn") config.layer_norm_eps = 1e-6;
  if (config.is_dinov2()) config.layer_norm_eps = 1e-6;
  if (config.is_clip()) {
    config.patch_size = 32;
    config.hidden_act = Activation::kQuickGelu;
    config.layer_norm_eps = 1e-5;
  }
  if (config.family == Family::kDinov2) config.patch_size = 14;
  if (config.family == Family::kDinov2WithRegisters) config.num_register_tokens = 4;
}

void read_fields(const ConfigReader& reader, VitConfig& config) {
  for (const auto& [key, meaning] : kRefused) reader.require_unset(key, meaning);
  for (const Field& field : kFields)
    if ((field.families & only(config.family)) != 0) field.read(reader, field.key, config);
  if (config.initializer_range == 0)
    config.initializer_range = 0.02;  // as PreTrainedModel._init_weights reads it
  if (!config.is_dinov2()) return;
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

void check_sizes(const VitConfig& config, const ConfigReader& reader) {
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

// CLIP's, as its own configuration has it within that of both towers.
Json tower_of(const VitConfig& config) {
  return {{"attention_dropout", config.attention_probs_dropout_prob},
          {"hidden_act", name_of(config.hidden_act)},
          {"hidden_size", config.hidden_size},
          {"image_size", config.image_size},
          {"initializer_factor", config.initializer_factor},
          {"initializer_range", config.initializer_range},
          {"intermediate_size", config.intermediate_size},
          {"layer_norm_eps", config.layer_norm_eps},
          {"model_type", "clip_vision_model"},
          {"num_attention_heads", config.num_attention_heads},
          {"num_channels", config.num_channels},
          {"num_hidden_layers", config.num_hidden_layers},
          {"patch_size", config.patch_size}};
}

// What every family's file says.
Json shared_fields(const VitConfig& config) {
  Json labels = Json::object(), ids = Json::object();
  for (std::size_t i = 0; i < config.id2label.size(); ++i) {
    labels[std::to_string(i)] = config.id2label[i];
    ids[config.id2label[i]] = i;
  }
  return {{"architectures", {names_of(config.family).architecture}},
          {"dtype", "float32"},
          {"id2label", labels},
          {"label2id", ids},
          {"model_type", names_of(config.family).model_type}};
}

// Every key that has a field.
Json fields_of(const VitConfig& config) {
  Json json = shared_fields(config);
  if (config.is_clip()) {
    json["initializer_factor"] = config.initializer_factor;
    json["vision_config"] = tower_of(config);
    return json;
  }
  json.update({{"attention_probs_dropout_prob", config.attention_probs_dropout_prob},
               {"hidden_act", name_of(config.hidden_act)},
               {"hidden_dropout_prob", config.hidden_dropout_prob},
               {"hidden_size", config.hidden_size},
               {"image_size", config.image_size},
               {"initializer_range", config.initializer_range},
               {"layer_norm_eps", config.layer_norm_eps},
               {"num_attention_heads", config.num_attention_heads},
               {"num_channels", config.num_channels},
               {"num_hidden_layers", config.num_hidden_layers},
               {"patch_size", config.patch_size},
               {"qkv_bias", config.qkv_bias}});
  if (!config.is_dinov2()) {
    json["intermediate_size"] = config.intermediate_size;
    return json;
  }
  json["mlp_ratio"] = config.mlp_ratio;
  json["use_swiglu_ffn"] = config.use_swiglu_ffn;
  if (config.family == Family::kDinov2) json["use_mask_token"] = config.use_mask_token;
  if (config.family == Family::kDinov2WithRegisters) json["num_register_tokens"] = config.num_register_tokens;
  json["layerscale_value"] = config.layerscale_value;
  json["drop_path_rate"] = config.drop_path_rate;
  return json;
}

// What else the file says, without what no longer holds once the model is written as fields_of() names it.
Json other_keys(const VitConfig& config, Json json) {
  const Json fields = fields_of(config);
  for (const auto& [key, value] : fields.items()) json.erase(key);
  const Json tower = config.is_clip() ? tower_of(config) : Json::object();
  for (const auto& [key, value] : tower.items()) json.erase(key);  // of a file of the tower alone
  for (const char* key : {"torch_dtype", "num_labels", "vision_config_dict"}) json.erase(key);
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
  const ConfigReader reader(json, origin);
  VitConfig config;
  config.family = read_family(json, reader, origin);
  set_defaults(json, config);
  const std::optional<Json> tower = vision_tower(json, reader);
  for (const auto& [key, meaning] : kRefused) reader.require_unset(key, meaning);
  const ConfigReader of_images = tower ? ConfigReader(*tower, origin) : reader;
  read_fields(of_images, config);
  config.id2label = reader.read_labels();
  check_sizes(config, of_images);
  // JSON has no word for NaN, which is written, and compared, as null.
  config.other = Json::parse(other_keys(config, json).dump());
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

void require_one_class_per_image(const VitConfig& config, const std::string& origin) {
  const Json problem = config.other.value("problem_type", Json());
  if (!problem.is_null() && problem != kOneClassPerImage)
    throw InputError(origin + ": \"problem_type\" is " + problem.dump() +
                     ", and training here is for one class per image; remove the key, or set it to \"" +
                     kOneClassPerImage + "\"");
}

}  // namespace zoetrope::model
