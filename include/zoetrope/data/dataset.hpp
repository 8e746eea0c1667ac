// SPDX-License-Identifier: Apache-2.0
// Labelled images on disk, one split at a time, as the model's preprocessing wants them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace zoetrope::data {

enum class Split { kTrain, kTest };

// 8-bit pixels, row by row, channels interleaved: pixels[(y * width + x) * channels + c].
struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;  // 1 grey, 3 RGB
  std::vector<std::uint8_t> pixels;
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  // Thread-safe. Throws InputError naming the file when the image cannot be decoded.
  virtual Image image(std::int64_t index) const = 0;
  virtual std::int64_t label(std::int64_t index) const = 0;
  virtual const std::vector<std::string>& class_names() const = 0;
  // SHA-256 over what determines the images, their order and their labels. Changes with the limit.
  virtual const std::string& digest() const = 0;
};

// `spec` as --data takes it: "idx:DIR" (train-images-idx3-ubyte and so on, plain or .gz), "cifar10:DIR" (the
// binary version). `limit` > 0 keeps the first `limit` images. Throws UsageError on an unknown scheme and
// InputError, naming file and byte offset, on truncated, mislabelled or foreign files.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, Split split, std::int64_t limit);

}  // namespace zoetrope::data
