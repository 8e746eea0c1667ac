// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "zoetrope/data/preprocess.hpp"
#include "zoetrope/support/error.hpp"

#include "processor_kind.hpp"

namespace zoetrope::data {
namespace {

constexpr const char* kCropRounds = "crop_rounds_half_to_even";

using support::Json;
using support::json_get;
using support::json_get_or;

constexpr int kMaxConfigSide = 16384;

int read_side(const Json& object, const std::string& key, const std::string& origin) {
  const int side = json_get<int>(object, key, origin);
  if (side < 1 || side > kMaxConfigSide)
    throw InputError(origin + ": \"" + key + "\" is " + std::to_string(side) + "; an image side is 1 to " +
                     std::to_string(kMaxConfigSide) + " pixels");
  return side;
}

// To transformers a null is no absent key: it turns a step off.
bool read_flag(const Json& json, const std::string& key, bool fallback, const std::string& origin) {
  return json_get_or(json, key, fallback && !json.contains(key), origin);
}

// Two sides, or the shortest edge alone, whose length is then above 0.
struct Sides {
  int height = 0;
  int width = 0;
  int shortest_edge = 0;
};

// The forms that transformers takes: {"height", "width"}, [height, width], {"shortest_edge"} or one number,
// for a square or for the shortest edge. Nothing where the key is absent: the processor's own size counts.
std::optional<Sides> read_sides(const Json& json, const std::string& key, bool number_is_shortest_edge,
                                const std::string& origin) {
  if (!json.contains(key)) return std::nullopt;
  Json value = json.at(key);
  if (value.is_number_integer() && number_is_shortest_edge) return Sides{0, 0, read_side(json, key, origin)};
  if (value.is_number_integer()) {
    const int side = read_side(json, key, origin);
    return Sides{side, side, 0};
  }
  if (value.is_array() && value.size() == 2) value = Json{{"height", value[0]}, {"width", value[1]}};
  const std::string place = origin + ": " + key;
  if (value.is_object() && value.size() == 2 && value.contains("height") && value.contains("width"))
    return Sides{read_side(value, "height", place), read_side(value, "width", place), 0};
  if (value.is_object() && value.size() == 1 && value.contains("shortest_edge"))
    return Sides{0, 0, read_side(value, "shortest_edge", place)};
  throw InputError(origin + ": \"" + key + "\" is " + value.dump() +
                   "; supported are {\"height\", \"width\"}, [height, width], {\"shortest_edge\"} and one "
                   "number");
}

void read_size(const Json& json, const ProcessorKind& kind, const std::string& origin,
               PreprocessorConfig& config) {
  if (json_get_or(json, "use_square_size", false, origin))
    throw InputError(origin +
                     ": \"use_square_size\" is on, which is not supported; set \"size\" to a height "
                     "and a width");
  if (!config.do_resize && json.contains("size") && json.at("size").is_null()) return;
  const bool is_square = json_get_or(json, "default_to_square", !kind.number_is_shortest_edge, origin);
  const auto size = read_sides(json, "size", !is_square, origin);
  if (!size) return;
  config.shortest_edge = size->shortest_edge;
  if (size->shortest_edge > 0) return;
  config.height = size->height;
  config.width = size->width;
}

void read_crop(const Json& json, const ProcessorKind& kind, const std::string& origin,
               PreprocessorConfig& config) {
  config.do_center_crop = read_flag(json, "do_center_crop", config.do_center_crop, origin);
  if (!config.do_center_crop) {
    if (config.do_resize && config.shortest_edge > 0)
      throw InputError(
          origin +
          ": \"size\" fixes only the shortest edge and \"do_center_crop\" is off, so images would differ in "
          "size; set \"size\" to a height and a width");
    return;
  }
  const auto crop = read_sides(json, "crop_size", false, origin);
  if (crop ? crop->shortest_edge > 0 : !kind.defaults.do_center_crop)
    throw InputError(
        origin +
        ": \"do_center_crop\" is on and \"crop_size\" gives no height and width; write both into it");
  if (crop) {
    config.crop_height = crop->height;
    config.crop_width = crop->width;
  }
  config.crop_rounds_half_to_even = read_flag(json, kCropRounds, false, origin);
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

// A pixel stays a number in float32, whatever the factor.
void check_colours(const PreprocessorConfig& config, const std::string& origin) {
  constexpr double kLeast = 1e-12;
  constexpr double kMost = 1e12;
  const auto require = [&](bool condition, const std::string& what) {
    if (!condition)
      throw InputError(origin + ": " + what + "; see the processor that the model was trained with");
  };
  require(!config.do_rescale || std::abs(config.rescale_factor) <= kMost,
          "\"rescale_factor\" must be at most 1e12");
  if (!config.do_normalize) return;
  for (const double mean : config.image_mean)
    require(std::abs(mean) <= kMost, "\"image_mean\" must be at most 1e12");
  for (const double deviation : config.image_std)
    require(deviation >= kLeast && deviation <= kMost, "\"image_std\" must be above 0: 1e-12 to 1e12");
}

}  // namespace

PreprocessorConfig PreprocessorConfig::from_json(const Json& json, const std::string& origin) {
  if (!json.is_object()) throw InputError(origin + ": is not a JSON object");
  const ProcessorKind kind = processor_kind(json, origin);
  PreprocessorConfig config = kind.defaults;
  config.do_resize = read_flag(json, "do_resize", true, origin);
  read_size(json, kind, origin, config);
  config.resample = read_resample(json, config.resample, origin);
  read_crop(json, kind, origin, config);
  config.do_rescale = read_flag(json, "do_rescale", true, origin);
  config.rescale_factor = json_get_or(json, "rescale_factor", config.rescale_factor, origin);
  config.do_normalize = read_flag(json, "do_normalize", true, origin);
  config.image_mean = read_colour(json, "image_mean", config.image_mean, origin);
  config.image_std = read_colour(json, "image_std", config.image_std, origin);
  check_colours(config, origin);
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
    if (crop_rounds_half_to_even) json[kCropRounds] = true;
  }
  return json;
}

}  // namespace zoetrope::data
