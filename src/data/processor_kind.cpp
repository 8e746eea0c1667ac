// SPDX-License-Identifier: Apache-2.0
#include "processor_kind.hpp"

#include <optional>
#include <string_view>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {
namespace {

using support::Json;
using support::json_get_or;

// "ViT" of "ViTImageProcessor", "ViTImageProcessorFast" or, in older files, "ViTFeatureExtractor"; "ViT" too
// where no class is named.
std::string family_of(const std::string& class_name) {
  if (class_name.empty()) return "ViT";
  for (const std::string_view ending : {"ImageProcessorFast", "ImageProcessor", "FeatureExtractor"}) {
    if (class_name.ends_with(ending)) return class_name.substr(0, class_name.size() - ending.size());
  }
  return class_name;
}

// The class attributes of transformers' processors.
std::optional<ProcessorKind> known_kind(const std::string& family) {
  ProcessorKind kind;
  if (family == "ViT") return kind;
  kind.defaults.resample = Resample::kBicubic;
  kind.defaults.do_center_crop = true;
  if (family == "DeiT") {
    kind.defaults.height = kind.defaults.width = 256;
    return kind;
  }
  if (family != "Bit" && family != "CLIP") return std::nullopt;
  kind.defaults.shortest_edge = 224;
  kind.defaults.image_mean = {0.48145466, 0.4578275, 0.40821073};
  kind.defaults.image_std = {0.26862954, 0.26130258, 0.27577711};
  kind.number_is_shortest_edge = true;
  return kind;
}

// What is missing in the file of a class whose defaults are not known; "" if nothing is.
std::string missing_key(const Json& json, const std::string& origin) {
  const auto lacks = [&](const char* key) { return !json.contains(key) || json.at(key).is_null(); };
  if (json_get_or(json, "do_resize", true, origin)) {
    if (lacks("size") || json.at("size").is_number()) return "\"size\" with the names of its sides";
    if (lacks("resample")) return "\"resample\"";
  }
  if (lacks("do_center_crop")) return "\"do_center_crop\"";
  if (json_get_or(json, "do_center_crop", true, origin) && lacks("crop_size")) return "\"crop_size\"";
  if (json_get_or(json, "do_normalize", true, origin)) {
    if (lacks("image_mean")) return "\"image_mean\"";
    if (lacks("image_std")) return "\"image_std\"";
  }
  return "";
}

}  // namespace

ProcessorKind processor_kind(const Json& json, const std::string& origin) {
  const auto older = json_get_or<std::string>(json, "feature_extractor_type", "", origin);
  const auto name = json_get_or<std::string>(json, "image_processor_type", older, origin);
  if (const auto kind = known_kind(family_of(name))) return *kind;
  const std::string missing = missing_key(json, origin);
  if (!missing.empty())
    throw InputError(
        origin + ": lacks " + missing + ", and what " + name +
        " does without it is not known here; write it into the file (known are the processors of "
        "ViT, DeiT, Bit and CLIP)");
  for (const char* key : {"crop_pct", "size_divisor"}) {  // of ConvNeXt and others: they change "size"
    if (json.contains(key) && !json.at(key).is_null())
      throw InputError(origin + ": \"" + key + "\" of " + name +
                       " is not supported; write what it comes to as \"size\" and \"crop_size\"");
  }
  return {};
}

}  // namespace zoetrope::data
