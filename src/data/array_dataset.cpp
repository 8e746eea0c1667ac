// SPDX-License-Identifier: Apache-2.0
#include "array_dataset.hpp"

#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "zoetrope/support/digest.hpp"

#include "class_warnings.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace {

std::string digest_of(const ImageArray& array, const std::string& kind, Split split) {
  support::Sha256 sha;
  sha.update(kind + (split == Split::kTrain ? " train " : " test ") + std::to_string(array.labels.size()) +
             " " + std::to_string(array.channels) + " " + std::to_string(array.height) + " " +
             std::to_string(array.width) + "\n");
  for (const std::string& name : array.class_names) sha.update(name + "\n");
  sha.update(std::as_bytes(std::span(array.labels)));
  sha.update(std::as_bytes(std::span(array.pixels)));
  return sha.hex();
}

SplitClasses classes_in(Split split, std::span<const std::uint8_t> labels,
                        const std::vector<std::string>& class_names) {
  SplitClasses classes{split == Split::kTrain ? "train" : "test", {}};
  for (const std::uint8_t label : std::set(labels.begin(), labels.end()))
    if (label < class_names.size()) classes.names.insert(class_names[label]);
  return classes;
}

}  // namespace

void warn_of_lone_classes(const std::vector<std::string>& class_names, Split split,
                          std::span<const std::uint8_t> labels, std::span<const std::uint8_t> others,
                          const std::filesystem::path& folder) {
  warn_of_lone_classes(classes_in(split, labels, class_names),
                       classes_in(other_of(split), others, class_names), folder.string());
}

ArrayDataset::ArrayDataset(ImageArray array, const std::string& kind, Split split)
    : array_(std::move(array)), digest_(digest_of(array_, kind, split)) {}

Image ArrayDataset::image(std::int64_t index) const {
  const auto plane = static_cast<std::size_t>(array_.height) * static_cast<std::size_t>(array_.width);
  const auto channels = static_cast<std::size_t>(array_.channels);
  if (index < 0 || index >= size()) throw std::out_of_range("image " + std::to_string(index));
  const std::uint8_t* source = array_.pixels.data() + static_cast<std::size_t>(index) * channels * plane;
  Image image{array_.height, array_.width, array_.channels, std::vector<std::uint8_t>(channels * plane)};
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < plane; ++i) image.pixels[i * channels + c] = source[c * plane + i];
  }
  return image;
}

}  // namespace zoetrope::data
