// SPDX-License-Identifier: Apache-2.0
// processors_driver IMAGES OUT, for processors_test.py: for each model folder that a line of standard input
// names, the images as its model gets them. IMAGES is JSON, [{"height", "width", "pixels": RGB bytes}, ...].
// Appends float32 values to OUT, and answers with a line of JSON: the shape of each image, or the error.
#include <fstream>
#include <iostream>

#include <ATen/core/Tensor.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

#include "fake_dataset.hpp"
#include "preprocessor.hpp"

namespace {

using namespace zoetrope;

std::vector<data::Image> read_images(const char* path) {
  std::vector<data::Image> images;
  for (const support::Json& image : support::read_json(path))
    images.push_back({image.at("height"), image.at("width"), 3, image.at("pixels")});
  return images;
}

support::Json prepare(const std::string& folder, const std::vector<data::Image>& images, std::ofstream& out) {
  support::Json shapes = support::Json::array();
  std::vector<at::Tensor> prepared;
  try {
    const auto config = pipeline::read_preprocessor(folder, folder, folder, {});
    for (const data::Image& image : images)
      prepared.push_back(
          preprocess::normalize(preprocess::load_pixels(data::FakeDataset({image}), config).pixels, config)
              .contiguous());
  } catch (const InputError& error) {
    return {{"error", error.what()}};
  }
  for (const at::Tensor& values : prepared) {
    shapes.push_back(values.sizes().vec());
    out.write(static_cast<const char*>(values.const_data_ptr()),
              static_cast<std::streamsize>(values.nbytes()));
  }
  out.flush();
  return {{"shapes", shapes}};
}

}  // namespace

int main(int /*argc*/, char** argv) {
  support::set_up_logging("warning", 0, 1, "");
  const std::vector<data::Image> images = read_images(argv[1]);
  std::ofstream out(argv[2], std::ios::binary);
  for (std::string folder; std::getline(std::cin, folder);)
    std::cout << prepare(folder, images, out).dump() << std::endl;
}
