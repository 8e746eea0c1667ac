// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>
#include <string_view>

#include "zoetrope/data/preprocess.hpp"
#include "zoetrope/support/error.hpp"

#include "processor_kind.hpp"

namespace zoetrope::data {
namespace {

using support::Json;
using support::json_get;
using support::json_get_or;

constexpr int kMaxSide = 16384;

int read_side(const Json& object, const std::string& key, const std::string& origin) {
  const int side = json_get<int>(object, key, origin);
  if (side < 1 || side > kMaxSide)
    throw InputError(origin + ": \"" + key + "\" is " + std::to_string(side) + "; an image side is 1 to " +
                     std::to_string(kMaxSide) + " pixels");
  return side;
}

// {"height", "width"}, {"shortest_edge"} or, as older files have it, one number: for a square, or for the
// shortest edge, as the processor takes it.
void read_size(const Json& json, const ProcessorKind& kind, const std::string& origin,
               PreprocessorConfig& config) {
  if (!json.contains("size") || json.at("size").is_null()) return;
  const Json& size = json.at("size");
  config.shortest_edge = 0;
  if (size.is_number_integer() && kind.number_is_shortest_edge) {
    config.shortest_edge = read_side(json, "size", origin);
  } else if (size.is_number_integer()) {
    config.height = config.width = read_side(json, "size", origin);
  } else if (size.is_object() && size.contains("shortest_edge") && !size.contains("longest_edge")) {
    config.shortest_edge = read_side(size, "shortest_edge", origin + ": size");
  } else if (size.is_object() && size.contains("height")) {
    config.height = read_side(size, "height", origin + ": size");
    config.width = read_side(size, "width", origin + ": size");
  } else {
    throw InputError(origin + ": \"size\" is " + size.dump() +
                     "; supported are {\"height\", \"width\"}, {\"shortest_edge\"} and one number");
  }
}

void read_crop(const Json& json, const std::string& origin, PreprocessorConfig& config) {
  config.do_center_crop = json_get_or(json, "do_center_crop", config.do_center_crop, origin);
  if (!config.do_center_crop) {
    if (config.do_resize && config.shortest_edge > 0)
      throw InputError(
          origin +
          ": \"size\" fixes only the shortest edge and \"do_center_crop\" is off, so images would differ in "
          "size; set \"size\" to a height and a width");
    return;
  }
  const Json& crop = json.contains("crop_size") ? json.at("crop_size") : Json();
  if (crop.is_number_integer()) {
    config.crop_height = config.crop_width = read_side(json, "crop_size", origin);
  } else if (crop.is_object()) {
    config.crop_height = read_side(crop, "height", origin + ": crop_size");
    config.crop_width = read_side(crop, "width", origin + ": crop_size");
  }
  const int smallest_height = config.shortest_edge > 0 ? config.shortest_edge : config.height;
  const int smallest_width = config.shortest_edge > 0 ? config.shortest_edge : config.width;
  if (config.do_resize && (config.crop_height > smallest_height || config.crop_width > smallest_width))
    throw InputError(origin + ": \"crop_size\" is larger than \"size\"; padding is not supported");
}

std::array<double, 3> read_colour(const Json& json, const std::string& key,
                                  const std::array<double, 3>& fallback, const std::string& origin) {
  if (!json.contains(key) || json.at(key).is_null()) return fallback;
  if (json.at(key).is_number()) {
    const auto value = json_get<double>(json, key, origin);
    return {value, value, value};
  }
  const auto values = json_get<std::vector<double>>(json, key, origin);
  if (values.size() != 3)
    throw InputError(origin + ": \"" + key + "\" has " + std::to_string(values.size()) +
                     " numbers, not one per colour");
  return {values[0], values[1], values[2]};
}

Resample read_resample(const Json& json, Resample fallback, const std::string& origin) {
  const int number = json_get_or(json, "resample", static_cast<int>(fallback), origin);
  for (const Resample known : {Resample::kNearest, Resample::kBilinear, Resample::kBicubic}) {
    if (number == static_cast<int>(known)) return known;
  }
  throw InputError(origin + ": \"resample\" is " + std::to_string(number) +
                   "; supported are 0 (nearest), 2 (bilinear) and 3 (bicubic)");
}

}  // namespace

PreprocessorConfig PreprocessorConfig::from_json(const Json& json, const std::string& origin) {
  if (!json.is_object()) throw InputError(origin + ": is not a JSON object");
  const ProcessorKind kind = processor_kind(json, origin);
  PreprocessorConfig config = kind.defaults;
  config.do_resize = json_get_or(json, "do_resize", true, origin);
  read_size(json, kind, origin, config);
  config.resample = read_resample(json, config.resample, origin);
  read_crop(json, origin, config);
  config.do_rescale = json_get_or(json, "do_rescale", true, origin);
  config.rescale_factor = json_get_or(json, "rescale_factor", config.rescale_factor, origin);
  config.do_normalize = json_get_or(json, "do_normalize", true, origin);
  config.image_mean = read_colour(json, "image_mean", config.image_mean, origin);
  config.image_std = read_colour(json, "image_std", config.image_std, origin);
  for (const double deviation : config.image_std) {
    if (config.do_normalize && !(deviation > 0.0))
      throw InputError(origin + ": \"image_std\" must be above 0");
  }
  if (json_get_or(json, "do_pad", false, origin))
    throw InputError(origin + ": \"do_pad\" is on; padding is not supported");
  return config;
}

Json PreprocessorConfig::to_json() const {
  Json json{{"do_resize", do_resize},       {"resample", static_cast<int>(resample)},
            {"do_rescale", do_rescale},     {"rescale_factor", rescale_factor},
            {"do_normalize", do_normalize}, {"image_mean", image_mean},
            {"image_std", image_std}};
  json["image_processor_type"] = do_center_crop ? "BitImageProcessor" : "ViTImageProcessor";
  json["size"] =
      shortest_edge > 0 ? Json{{"shortest_edge", shortest_edge}} : Json{{"height", height}, {"width", width}};
  if (do_center_crop) {
    json["do_center_crop"] = true;
    json["crop_size"] = Json{{"height", crop_height}, {"width", crop_width}};
  }
  return json;
}

}  // namespace zoetrope::data
