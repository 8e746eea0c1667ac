// SPDX-License-Identifier: Apache-2.0
// From 8-bit images to the model's input, as the model's preprocessor_config.json says (ViTImageProcessor).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::preprocess {

using support::Image;

// PIL's numbers, as the file has them.
enum class Resample { kNearest = 0, kLanczos = 1, kBilinear = 2, kBicubic = 3, kBox = 4, kHamming = 5 };

// Of images that are resized to another shape than theirs; or, where their shape is kept, of one side.
struct ResizeTo {
  int height = 224;
  int width = 224;
  bool are_limits = false;  // the shape is kept: one side becomes so long, the other at most
  int shortest_edge = 0;    // > 0: in place of height and width, the shorter side's length; the shape is kept
  int longest_edge = 0;     // > 0, beside shortest_edge: the longer side becomes no longer
  bool keeps_shape() const { return are_limits || shortest_edge > 0; }
};

// The fields of preprocessor_config.json that count, with ViTImageProcessor's defaults; docs/formats.md has
// the table of all fields and their forms.
struct PreprocessorConfig {
  bool do_resize = true;
  ResizeTo size;
  Resample resample = Resample::kBilinear;
  bool do_center_crop = false;
  int crop_height = 224;
  int crop_width = 224;
  // Where half a pixel is left of the margin: to the even pixel, as torchvision's CenterCrop; else down, as
  // Hugging Face's processors, which do not know this key.
  bool crop_rounds_half_to_even = false;
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255.0;
  bool do_normalize = true;
  std::array<double, 3> image_mean{0.5, 0.5, 0.5};
  std::array<double, 3> image_std{0.5, 0.5, 0.5};

  // What the model gets. Where the config neither resizes nor crops, the images' own size counts instead.
  int output_height() const { return do_center_crop ? crop_height : size.height; }
  int output_width() const { return do_center_crop ? crop_width : size.width; }

  // What is absent takes the default of the processor's class that the file names, `default_class` if none.
  // Throws InputError naming `origin` and the key on a class that is not known, on values that transformers
  // does not take either, and on what would not give all images one size.
  static PreprocessorConfig from_json(const support::Json& json, const std::string& origin,
                                      const std::string& default_class = "ViTImageProcessor");
  // As AutoImageProcessor.from_pretrained reads it.
  support::Json to_json() const;
};

// One image after resizing: 8-bit, `config`'s height and width, PIL's arithmetic (Image.resize). An image
// that already has the size is returned as it is, as PIL does.
Image resize(const Image& image, int height, int width, Resample resample);

// A split's images after the resize, kept in memory as bytes so that epochs and checkpoints do not redo it,
// and their labels. uint8 [N, C, H, W] with C = 1 where every image is grey, else 3.
struct PixelStore {
  at::Tensor pixels;  // uint8 [N, C, H, W], CPU
  at::Tensor labels;  // int64 [N], CPU
};
PixelStore load_pixels(const data::Dataset& dataset, const PreprocessorConfig& config);

// `pixels` as model input: float32 [B, 3, H, W] = (pixel * rescale - mean) / std, grey repeated to three
// channels. Same bits whatever B is.
at::Tensor normalize(const at::Tensor& pixels, const PreprocessorConfig& config);
// The same of their rows `indices` (int64 [B]).
at::Tensor normalize(const at::Tensor& pixels, const at::Tensor& indices, const PreprocessorConfig& config);

}  // namespace zoetrope::preprocess
