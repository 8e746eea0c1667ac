// SPDX-License-Identifier: Apache-2.0
#include "processor_kind.hpp"

#include <array>
#include <optional>
#include <string_view>

#include "zoetrope/support/error.hpp"

namespace zoetrope::preprocess {
namespace {

using support::Json;
using support::json_get_or;

using PerColour = std::array<double, 3>;
constexpr PerColour kHalf = {0.5, 0.5, 0.5};
constexpr PerColour kImageNetMean = {0.485, 0.456, 0.406};
constexpr PerColour kImageNetStd = {0.229, 0.224, 0.225};
constexpr PerColour kClipMean = {0.48145466, 0.4578275, 0.40821073};
constexpr PerColour kClipStd = {0.26862954, 0.26130258, 0.27577711};

// The class attributes of transformers' processors that resize, crop, rescale and normalise, and no more.
struct KnownClass {
  std::string_view name;  // before "ImageProcessor"
  Resample resample;
  int side;            // of a square, or the shortest edge
  bool keeps_shape;    // `side` is the shortest edge
  bool crops;          // where the file does not say
  bool has_crop_size;  // 224 x 224
  bool number_is_shortest_edge;
  PerColour mean, std;
};
constexpr KnownClass kClasses[] = {
    {"ViT", Resample::kBilinear, 224, false, false, false, false, kHalf, kHalf},
    {"DeiT", Resample::kBicubic, 256, false, true, true, false, kHalf, kHalf},
    {"Bit", Resample::kBicubic, 224, true, true, true, true, kClipMean, kClipStd},
    {"CLIP", Resample::kBicubic, 224, true, true, true, true, kClipMean, kClipStd},
    {"ChineseCLIP", Resample::kBicubic, 224, true, true, true, true, kClipMean, kClipStd},
    {"Siglip", Resample::kBicubic, 224, false, false, false, true, kHalf, kHalf},
    {"Blip", Resample::kBicubic, 384, false, false, false, false, kClipMean, kClipStd},
    {"Pvt", Resample::kBicubic, 224, false, false, false, false, kImageNetMean, kImageNetStd},
    {"Beit", Resample::kBicubic, 224, false, false, true, false, kHalf, kHalf},
    {"MobileNetV1", Resample::kBilinear, 256, true, true, true, true, kHalf, kHalf},
};

// "ViT" of "ViTImageProcessor", "ViTImageProcessorFast", "ViTImageProcessorPil" or, in older files,
// "ViTFeatureExtractor".
std::string_view family_of(std::string_view class_name) {
  for (const std::string_view ending :
       {"ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"})
    if (class_name.ends_with(ending)) return class_name.substr(0, class_name.size() - ending.size());
  return class_name;
}

std::optional<ProcessorKind> known_kind(const std::string& class_name) {
  for (const KnownClass& known : kClasses) {
    if (known.name != family_of(class_name)) continue;
    ProcessorKind kind;
    if (known.keeps_shape)
      kind.defaults.size.shortest_edge = known.side;
    else
      kind.defaults.size.height = kind.defaults.size.width = known.side;
    kind.defaults.resample = known.resample;
    kind.defaults.do_center_crop = known.crops;
    kind.defaults.image_mean = known.mean;
    kind.defaults.image_std = known.std;
    kind.has_crop_size = known.has_crop_size;
    kind.number_is_shortest_edge = known.number_is_shortest_edge;
    kind.takes_use_square_size = known.name == "CLIP";
    return kind;
  }
  return std::nullopt;
}

std::string names_of_known() {
  std::string names;
  for (const KnownClass& known : kClasses)
    names.append(names.empty() ? "" : ", ").append(known.name).append("ImageProcessor");
  return names;
}

// As AutoImageProcessor reads it: the older key counts where neither the newer one nor code of the folder's
// own names a class.
std::string processor_class(const Json& json, const std::string& default_class, const std::string& origin) {
  auto name = json_get_or<std::string>(json, "image_processor_type", "", origin);
  if (!name.empty()) return name;
  const Json own_code = json.value("auto_map", Json::object());
  if (own_code.is_object() && own_code.contains("AutoImageProcessor")) return default_class;
  return json_get_or<std::string>(json, "feature_extractor_type", default_class, origin);
}

}  // namespace

ProcessorKind processor_kind(const Json& json, const std::string& default_class, const std::string& origin) {
  const std::string name = processor_class(json, default_class, origin);
  if (const auto kind = known_kind(name)) return *kind;
  throw InputError(origin + ": " +
                   (name.empty() ? "\"image_processor_type\" is missing, and no class goes with the model"
                                 : "\"image_processor_type\" is " + name +
                                       ", whose way to prepare images is not known here") +
                   "; known are " + names_of_known() +
                   ": if one of them does the same, write its name there, and all that the file leaves out");
}

}  // namespace zoetrope::preprocess
