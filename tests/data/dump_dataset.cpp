// SPDX-License-Identifier: Apache-2.0
// dump_dataset SPEC train|test SPLIT-NAME OUT: what the data room reads, for peer_test.py to compare. OUT
// gets one JSON line with class names, labels and sizes, then every image's RGB bytes.
#include <cstring>
#include <fstream>
#include <iostream>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/json.hpp"

int main(int argc, char** argv) {
  using namespace zoetrope;
  if (argc != 5) return 2;
  data::DatasetOptions options;
  options.split = argv[3];
  const auto split = std::strcmp(argv[2], "train") == 0 ? data::Split::kTrain : data::Split::kTest;
  try {
    const auto dataset = data::open_dataset(argv[1], split, options);
    support::Json header{{"class_names", dataset->class_names()}};
    std::string pixels;
    for (std::int64_t i = 0; i < dataset->size(); ++i) {
      const data::Image image = dataset->image(i);
      header["labels"].push_back(dataset->label(i));
      header["sizes"].push_back({image.height, image.width});
      for (const std::uint8_t value : image.pixels)
        pixels.append(image.channels == 1 ? 3 : 1, static_cast<char>(value));
    }
    std::ofstream(argv[4], std::ios::binary) << header.dump() << "\n" << pixels;
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return static_cast<int>(error.code());
  }
}
