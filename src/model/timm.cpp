// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/timm.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <regex>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::model {

using support::Json;
using support::json_get;
using support::json_get_or;

namespace {

struct Size {
  const char* name;
  std::int64_t hidden_size, num_hidden_layers, num_attention_heads;
};
// timm/models/vision_transformer.py.
constexpr Size kSizes[] = {{"tiny", 192, 12, 3},
                           {"small", 384, 12, 6},
                           {"base", 768, 12, 12},
                           {"large", 1024, 24, 16},
                           {"huge", 1280, 32, 16}};

std::string architecture_of(const Json& config, const std::string& origin) {
  return json_get<std::string>(config, "architecture", origin);
}

[[noreturn]] void refuse(const Json& config, const std::string& origin, const std::string& why) {
  throw InputError(
      origin + ": is timm's " + architecture_of(config, origin) + why +
      "; vit_* and deit_* of the sizes tiny to huge with names like vit_base_patch16_224 are read, and "
      "models that transformers' save_pretrained wrote");
}

// Of images or patches, or what else must be a number of the same kind: [side, side], or one number.
std::int64_t side_of(const Json& value, const Json& config, const std::string& origin) {
  constexpr std::int64_t kMost = std::int64_t{1} << 20;
  const bool is_pair = value.is_array() && value.size() >= 2 && value.back() == value[value.size() - 2];
  const Json& side = is_pair ? value.back() : value;
  if (!side.is_number_integer() || side < 1 || side > kMost)
    refuse(config, origin, ", with " + value.dump() + " where a number or two equal ones should be");
  return side.get<std::int64_t>();
}

const Json& pretrained(const Json& config, const std::string& origin) {
  const auto found = config.find("pretrained_cfg");
  if (found == config.end() || !found->is_object())
    throw InputError(origin +
                     ": is timm's, and lacks \"pretrained_cfg\"; save the model again with "
                     "timm.models.save_for_hf");
  return *found;
}

using Argument = std::pair<std::string_view, const char*>;
constexpr Argument kNumbers[] = {{"img_size", "image_size"},
                                 {"patch_size", "patch_size"},
                                 {"embed_dim", "hidden_size"},
                                 {"depth", "num_hidden_layers"},
                                 {"num_heads", "num_attention_heads"}};

// What create_model was told beside the architecture's name.
void apply_arguments(const Json& arguments, const Json& config, const std::string& origin, Json& vit) {
  for (const auto& [key, value] : arguments.items()) {
    const auto* const number = std::ranges::find(kNumbers, key, &Argument::first);
    if (number != std::end(kNumbers)) {
      vit[number->second] = side_of(value, config, origin);
    } else if (key == "in_chans") {
      vit["num_channels"] = value;
    } else if (!(key == "num_classes" || (key == "global_pool" && value == "token"))) {
      refuse(config, origin, " with \"" + key + "\" " + value.dump());
    }
  }
  vit["intermediate_size"] = 4 * json_get<std::int64_t>(vit, "hidden_size", origin);
}

Json labels_of(const Json& config, const std::string& origin) {
  constexpr std::int64_t kMostClasses = 1'000'000;
  const Json arguments = config.value("model_args", Json::object());
  const auto of_weights = json_get_or<std::int64_t>(pretrained(config, origin), "num_classes", 0, origin);
  const auto asked = json_get_or<std::int64_t>(config, "num_classes", of_weights, origin);
  const auto count = json_get_or<std::int64_t>(arguments, "num_classes", asked, origin);
  if (count < 0 || count > kMostClasses) throw InputError(origin + ": \"num_classes\" is out of range");
  const auto names = config.find("label_names");
  const bool has_names = names != config.end() && names->is_array() && std::cmp_equal(names->size(), count);
  Json labels = Json::object();
  for (std::int64_t i = 0; i < count; ++i) {
    const bool is_text = has_names && (*names)[static_cast<std::size_t>(i)].is_string();
    labels[std::to_string(i)] =
        is_text ? (*names)[static_cast<std::size_t>(i)] : Json("LABEL_" + std::to_string(i));
  }
  return labels;
}

}  // namespace

bool is_timm(const Json& config) {
  return config.is_object() && config.contains("architecture") && !config.contains("model_type");
}

Json timm_as_vit_config(const Json& config, const std::string& origin) {
  static const std::regex kPlain("(vit|deit)_(tiny|small|base|large|huge)_patch([0-9]{1,3})_([0-9]{1,4})");
  const std::string architecture = architecture_of(config, origin);
  std::smatch parts;
  if (!std::regex_match(architecture, parts, kPlain)) refuse(config, origin, "");
  if (json_get_or<std::string>(config, "global_pool", "token", origin) != "token")
    refuse(config, origin, " without a CLS token's features");
  Json vit = {{"model_type", "vit"},
              {"architectures", {"ViTForImageClassification"}},
              {"patch_size", std::stoi(parts[3])},
              {"image_size", std::stoi(parts[4])},
              {"num_channels", 3},
              {"hidden_act", "gelu"},
              {"layer_norm_eps", 1e-6},
              {"qkv_bias", true},
              {"hidden_dropout_prob", 0.0},
              {"attention_probs_dropout_prob", 0.0}};
  for (const Size& size : kSizes)
    if (parts[2] == size.name) {
      vit["hidden_size"] = size.hidden_size;
      vit["num_hidden_layers"] = size.num_hidden_layers;
      vit["num_attention_heads"] = size.num_attention_heads;
    }
  if (const auto input = pretrained(config, origin).find("input_size");
      input != pretrained(config, origin).end())
    vit["image_size"] = side_of(*input, config, origin);
  apply_arguments(config.value("model_args", Json::object()), config, origin, vit);
  vit["id2label"] = labels_of(config, origin);
  return vit;
}

Json timm_processor(const Json& config, std::int64_t side, const std::string& origin) {
  const Json& from = pretrained(config, origin);
  const auto crop_pct = json_get_or<double>(from, "crop_pct", 0.875, origin);
  const auto mode = json_get_or<std::string>(from, "crop_mode", "center", origin);
  const auto interpolation = json_get_or<std::string>(from, "interpolation", "bicubic", origin);
  const Json resamples = {{"nearest", 0}, {"lanczos", 1}, {"bilinear", 2},
                          {"bicubic", 3}, {"box", 4},     {"hamming", 5}};
  if ((mode != "center" && mode != "squash") || !resamples.contains(interpolation) ||
      !(crop_pct > 0.01 && crop_pct <= 1))
    refuse(config, origin,
           ", whose images are made with \"crop_mode\" " + mode + ", \"interpolation\" " + interpolation +
               " and \"crop_pct\" " + Json(crop_pct).dump());
  const auto scaled = static_cast<std::int64_t>(std::floor(static_cast<double>(side) / crop_pct));
  const bool squashes = mode == "squash";
  return {{"image_processor_type", squashes ? "DeiTImageProcessor" : "CLIPImageProcessor"},
          {"do_resize", true},
          {"size", squashes ? Json{{"height", scaled}, {"width", scaled}} : Json{{"shortest_edge", scaled}}},
          {"resample", resamples[interpolation]},
          {"do_center_crop", true},
          {"crop_rounds_half_to_even", true},
          {"crop_size", {{"height", side}, {"width", side}}},
          {"do_rescale", true},
          {"rescale_factor", 1.0 / 255},
          {"do_normalize", true},
          {"image_mean", from.value("mean", Json{0.485, 0.456, 0.406})},
          {"image_std", from.value("std", Json{0.229, 0.224, 0.225})}};
}

}  // namespace zoetrope::model
