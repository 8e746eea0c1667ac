// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/support/error.hpp"

#include "processor_kind.hpp"
#include "processor_size.hpp"

namespace zoetrope::preprocess {
namespace {

using support::Json;
using support::json_get;

constexpr const char* kCropRounds = "crop_rounds_half_to_even";

// One file, in the order of kFields: what a field's value means may depend on those before it.
struct Reading {
  const Json& json;
  const ProcessorKind& kind;
  const std::string& origin;
  PreprocessorConfig config;

  bool has(const char* key) const { return json.contains(key); }
  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw InputError(origin + ": \"" + key + "\" " + what);
  }
  // For transformers a null is no absent key: it stands in the default's place.
  void require_no_null(const char* key, const char* step) const {
    if (has(key) && json.at(key).is_null())
      fail(key, std::string("is null while \"") + step + "\" is on; give a value, or leave the key out");
  }
};

// What Python takes a null or a number for.
bool read_flag(const Reading& file, const char* key, bool fallback) {
  if (!file.has(key)) return fallback;
  const Json& value = file.json.at(key);
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  file.fail(key, "is " + value.dump() + "; write true or false");
}

void read_do_resize(Reading& file) {
  file.config.do_resize = read_flag(file, "do_resize", true);
}

// Where images are not resized, it is what they are expected to have.
void read_image_size(Reading& file) {
  const bool is_null = file.has("size") && file.json.at("size").is_null();
  if (is_null && !file.config.do_resize) return;
  file.require_no_null("size", "do_resize");
  if (file.kind.takes_use_square_size && read_flag(file, "use_square_size", false)) {
    const int side = file.kind.defaults.size.shortest_edge;
    file.config.size = ResizeTo{side, side, false, 0, 0};
    return;
  }
  const bool is_square = read_flag(file, "default_to_square", !file.kind.number_is_shortest_edge);
  if (const auto size = read_size(file.json, "size", !is_square, file.origin)) file.config.size = *size;
}

void read_resample(Reading& file) {
  if (!file.config.do_resize || !file.has("resample")) return;
  file.require_no_null("resample", "do_resize");
  const Json& value = file.json.at("resample");
  const int last = static_cast<int>(Resample::kHamming);
  if (!value.is_number_integer() || value < 0 || value > last)
    file.fail("resample", "is " + value.dump() +
                              "; it is 0 (nearest), 1 (Lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 "
                              "(Hamming)");
  file.config.resample = static_cast<Resample>(value.get<int>());
}

void read_do_center_crop(Reading& file) {
  PreprocessorConfig& config = file.config;
  config.do_center_crop = read_flag(file, "do_center_crop", config.do_center_crop);
  if (!config.do_center_crop && config.do_resize && config.size.keeps_shape())
    file.fail("size", "is " + to_json(config.size).dump() +
                          ", which keeps an image's shape, and \"do_center_crop\" is off, so images would "
                          "differ in size; set \"size\" to a height and a width");
}

void read_crop_size(Reading& file) {
  if (!file.config.do_center_crop) return;
  file.require_no_null("crop_size", "do_center_crop");
  file.config.crop_rounds_half_to_even = read_flag(file, kCropRounds, false);
  const auto crop = read_size(file.json, "crop_size", false, file.origin);
  if (!crop && file.kind.has_crop_size) return;
  if (!crop || crop->keeps_shape())
    file.fail("crop_size", "gives no height and width while \"do_center_crop\" is on; write both into it");
  file.config.crop_height = crop->height;
  file.config.crop_width = crop->width;
}

double read_number(const Reading& file, const char* key, const Json& value) {
  constexpr double kMost = 1e12;  // a pixel stays a number in float32
  if (!value.is_number() || !(std::abs(value.get<double>()) <= kMost))
    file.fail(key, "is " + file.json.at(key).dump() + "; it must be made of numbers of at most 1e12");
  return value.get<double>();
}

void read_rescale(Reading& file) {
  PreprocessorConfig& config = file.config;
  config.do_rescale = read_flag(file, "do_rescale", true);
  if (!config.do_rescale || !file.has("rescale_factor")) return;
  file.require_no_null("rescale_factor", "do_rescale");
  config.rescale_factor = read_number(file, "rescale_factor", file.json.at("rescale_factor"));
}

// One number for all colours, or a list of three.
void read_colour(const Reading& file, const char* key, std::array<double, 3>& colour) {
  if (!file.has(key)) return;
  file.require_no_null(key, "do_normalize");
  const Json& value = file.json.at(key);
  if (value.is_array() && value.size() != colour.size())
    file.fail(key, "has " + std::to_string(value.size()) + " numbers, not one per colour");
  for (std::size_t i = 0; i < colour.size(); ++i)
    colour[i] = read_number(file, key, value.is_array() ? value[i] : value);
}

void read_normalize(Reading& file) {
  PreprocessorConfig& config = file.config;
  config.do_normalize = read_flag(file, "do_normalize", true);
  if (!config.do_normalize) return;
  read_colour(file, "image_mean", config.image_mean);
  read_colour(file, "image_std", config.image_std);
  constexpr double kLeast = 1e-12;
  for (const double deviation : config.image_std)
    if (deviation < kLeast)
      file.fail("image_std",
                "is " + file.json.at("image_std").dump() + "; deviations must be above 0: 1e-12 to 1e12");
}

// Images of one size need no padding to the largest of them.
void read_padding(Reading& file) {
  const PreprocessorConfig& config = file.config;
  if (!read_flag(file, "do_pad", false) || !file.has("pad_size") || file.json.at("pad_size").is_null())
    return;
  const auto size = read_size(file.json, "pad_size", false, file.origin);
  const bool is_known = config.do_resize || config.do_center_crop;
  if (!is_known || size->keeps_shape() || size->height != config.output_height() ||
      size->width != config.output_width())
    file.fail("pad_size", "is " + file.json.at("pad_size").dump() +
                              " while \"do_pad\" is on, which is not the size that images have by then; "
                              "padding is not supported: set \"do_pad\" to false");
}

// The fields that count, in the order of their steps. "do_convert_rgb" has nothing to do where all images
// are RGB; "data_format", "input_data_format", "return_tensors", "device", "disable_grouping" and
// "processor_class" change no value; transformers passes over all others, and so does this.
using FieldReader = void (*)(Reading&);
constexpr FieldReader kFields[] = {
    read_do_resize,       // do_resize
    read_image_size,      // size, default_to_square, use_square_size
    read_resample,        // resample
    read_do_center_crop,  // do_center_crop
    read_crop_size,       // crop_size
    read_rescale,         // do_rescale, rescale_factor
    read_normalize,       // do_normalize, image_mean, image_std
    read_padding,         // do_pad, pad_size
};

}  // namespace

PreprocessorConfig PreprocessorConfig::from_json(const Json& json, const std::string& origin,
                                                 const std::string& default_class) {
  if (!json.is_object()) throw InputError(origin + ": is not a JSON object");
  const ProcessorKind kind = processor_kind(json, default_class, origin);
  Reading file{json, kind, origin, kind.defaults};
  for (const FieldReader read : kFields) read(file);
  return file.config;
}

Json PreprocessorConfig::to_json() const {
  Json json{{"do_resize", do_resize},
            {"size", preprocess::to_json(size)},
            {"do_rescale", do_rescale},
            {"do_normalize", do_normalize}};
  json["image_processor_type"] = do_center_crop ? "BitImageProcessor" : "ViTImageProcessor";
  if (do_resize) json["resample"] = static_cast<int>(resample);
  if (do_rescale) json["rescale_factor"] = rescale_factor;
  if (do_normalize) json["image_mean"] = image_mean;
  if (do_normalize) json["image_std"] = image_std;
  if (do_center_crop) {
    json["do_center_crop"] = true;
    json["crop_size"] = Json{{"height", crop_height}, {"width", crop_width}};
    if (crop_rounds_half_to_even) json[kCropRounds] = true;
  }
  return json;
}

}  // namespace zoetrope::preprocess
