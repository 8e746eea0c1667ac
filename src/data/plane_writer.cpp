// SPDX-License-Identifier: Apache-2.0
#include "plane_writer.hpp"

#include <string>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {
namespace {

// transformers' image_transforms.get_resize_output_image_size without a largest size.
Size resized_size(const PreprocessorConfig& config, const Image& image) {
  if (!config.do_resize) return {image.height, image.width};
  if (config.shortest_edge == 0) return {config.height, config.width};
  const auto longer = [&](int long_side, int short_side) {
    return static_cast<int>(static_cast<std::int64_t>(config.shortest_edge) * long_side / short_side);
  };
  if (image.width <= image.height) return {longer(image.height, image.width), config.shortest_edge};
  return {config.shortest_edge, longer(image.width, image.height)};
}

// Of what a crop takes away, the part before it.
int margin(const PreprocessorConfig& config, int away) {
  const int half = away / 2;
  const bool is_up = config.crop_rounds_half_to_even && away % 2 != 0 && half % 2 != 0;
  return is_up ? half + 1 : half;
}

std::string text(Size size) {
  return std::to_string(size.height) + " x " + std::to_string(size.width);
}

}  // namespace

Size output_size(const PreprocessorConfig& config, const Image& first) {
  if (config.do_resize || config.do_center_crop) return {config.output_height(), config.output_width()};
  return {first.height, first.width};
}

void PlaneWriter::write(const Image& image, std::span<std::uint8_t> planes) {
  if (!resizer_ || !resizer_->accepts(image)) {
    const Size resized = resized_size(config_, image);
    const bool fits = config_.do_center_crop
                          ? resized.height >= output_.height && resized.width >= output_.width
                          : resized == output_;
    if (!fits)
      throw InputError("an image of " + text(resized) + " pixels does not give the " + text(output_) +
                       " that the model takes; turn on \"do_resize\" in preprocessor_config.json");
    const int above = margin(config_, resized.height - output_.height);
    const int left = margin(config_, resized.width - output_.width);
    const Axis vertical{image.height, resized.height, above, output_.height};
    const Axis horizontal{image.width, resized.width, left, output_.width};
    resizer_.emplace(vertical, horizontal, config_.resample);
  }
  resizer_->run(image, planes);
}

}  // namespace zoetrope::data
