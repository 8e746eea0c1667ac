// SPDX-License-Identifier: Apache-2.0
#include "plane_writer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "zoetrope/support/error.hpp"

namespace zoetrope::preprocess {
namespace {

int truncated(double x) {
  return static_cast<int>(x);
}

// The functions named here are those of transformers' image_transforms and image_utils.

// get_size_with_aspect_ratio. Python rounds halves to the even number, and so does nearbyint.
Size within_edges(const ResizeTo& to, const Image& image) {
  const double height = image.height, width = image.width;
  const double shorter = std::min(height, width), longer = std::max(height, width);
  const bool is_limited = longer / shorter * to.shortest_edge > to.longest_edge;
  const double exact = is_limited ? to.longest_edge * shorter / longer : to.shortest_edge;
  const int edge = is_limited ? truncated(std::nearbyint(exact)) : to.shortest_edge;
  if (std::min(image.height, image.width) == edge) return {image.height, image.width};
  if (width < height) return {truncated(exact * height / width), edge};
  return {edge, truncated(exact * width / height)};
}

// get_image_size_for_max_height_width.
Size within_limits(const ResizeTo& to, const Image& image) {
  const double scale =
      std::min(static_cast<double>(to.height) / image.height, static_cast<double>(to.width) / image.width);
  return {truncated(image.height * scale), truncated(image.width * scale)};
}

std::string text(std::int64_t height, std::int64_t width) {
  return std::to_string(height) + " x " + std::to_string(width);
}

std::string text(Size size) {
  return text(size.height, size.width);
}

// get_resize_output_image_size without a largest size. Of an image that is a line it is far more than any
// memory holds.
Size to_shortest_edge(std::int64_t edge, const Image& image) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();  // pixels
  const bool is_tall = image.width <= image.height;
  const std::int64_t longer = is_tall ? edge * image.height / image.width : edge * image.width / image.height;
  const std::int64_t height = is_tall ? longer : edge, width = is_tall ? edge : longer;
  if (longer > kMost / edge)
    throw InputError("an image of " + text({image.height, image.width}) + " pixels, resized to " +
                     text(height, width) + ", has more than " + std::to_string(kMost) +
                     " pixels; it is too long and narrow: cut it, or leave it out");
  return {static_cast<int>(height), static_cast<int>(width)};
}

Size resized_size(const PreprocessorConfig& config, const Image& image) {
  const ResizeTo& to = config.size;
  if (!config.do_resize) return {image.height, image.width};
  if (to.are_limits) return within_limits(to, image);
  if (to.shortest_edge == 0) return {to.height, to.width};
  return to.longest_edge > 0 ? within_edges(to, image) : to_shortest_edge(to.shortest_edge, image);
}

// Of what a crop takes away, the part before it.
int margin(const PreprocessorConfig& config, int away) {
  const int half = away / 2;
  const bool is_up = config.crop_rounds_half_to_even && away % 2 != 0 && half % 2 != 0;
  return is_up ? half + 1 : half;
}

}  // namespace

Size output_size(const PreprocessorConfig& config, const Image& first) {
  if (config.do_resize || config.do_center_crop) return {config.output_height(), config.output_width()};
  return {first.height, first.width};
}

// image_transforms.center_crop: of a missing odd number of pixels the larger part comes before.
PlaneWriter::Window PlaneWriter::window(int resized, int output) const {
  if (resized >= output) return {margin(config_, resized - output), output, 0};
  return {0, resized, (output - resized + 1) / 2};
}

void PlaneWriter::set_up(const Image& image) {
  const Size resized = resized_size(config_, image);
  const bool fits = config_.do_center_crop ? resized.height > 0 && resized.width > 0 : resized == output_;
  if (!fits)
    throw InputError(
        "an image of " + text({image.height, image.width}) + " pixels" +
        (resized == Size{image.height, image.width} ? "" : ", resized to " + text(resized) + ",") +
        " does not give the " + text(output_) +
        " that the model takes; turn on \"do_resize\" in preprocessor_config.json");
  rows_ = window(resized.height, output_.height);
  columns_ = window(resized.width, output_.width);
  resizer_.emplace(Axis{image.height, resized.height, rows_.offset, rows_.count},
                   Axis{image.width, resized.width, columns_.offset, columns_.count}, config_.resample);
}

void PlaneWriter::write(const Image& image, std::span<std::uint8_t> planes) {
  if (!resizer_ || !resizer_->accepts(image)) set_up(image);
  if (rows_.count < output_.height || columns_.count < output_.width) return write_padded(image, planes);
  resizer_->run(image, planes);
}

void write_image(PlaneWriter& writer, const data::Dataset& dataset, std::int64_t index, const Image& image,
                 std::span<std::uint8_t> planes) {
  try {
    writer.write(image, planes);
  } catch (const InputError& error) {
    const std::string name = dataset.image_name(index);
    throw InputError((name.empty() ? "image " + std::to_string(index) : name) + ": " + error.what());
  }
}

void PlaneWriter::write_padded(const Image& image, std::span<std::uint8_t> planes) {
  const auto rows = static_cast<std::size_t>(rows_.count), columns = static_cast<std::size_t>(columns_.count);
  const auto height = static_cast<std::size_t>(output_.height),
             width = static_cast<std::size_t>(output_.width);
  unpadded_.resize(rows * columns * static_cast<std::size_t>(image.channels));
  resizer_->run(image, unpadded_);
  std::ranges::fill(planes, std::uint8_t{0});
  for (std::size_t c = 0; c < static_cast<std::size_t>(image.channels); ++c)
    for (std::size_t y = 0; y < rows; ++y) {
      const std::size_t row = c * height + static_cast<std::size_t>(rows_.before) + y;
      std::copy_n(unpadded_.begin() + static_cast<std::ptrdiff_t>((c * rows + y) * columns), columns,
                  planes.begin() + static_cast<std::ptrdiff_t>(row * width) + columns_.before);
    }
}

}  // namespace zoetrope::preprocess
