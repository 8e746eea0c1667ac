// SPDX-License-Identifier: Apache-2.0
// dump_dataset SPEC train|test SPLIT-NAME OUT: what the data room reads, for peer_test.py to compare. OUT
// gets one JSON line with class names, labels and sizes, then every image's RGB bytes.
// dump_dataset: for each line of standard input, an object with the split, the spec and other options, a JSON
// line with class names, labels, the images' names and, if "pixels" are asked for, the SHA-256 of each one's
// RGB bytes; or with the error.
#include <fstream>
#include <iostream>
#include <span>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

namespace {

using namespace zoetrope;

data::Split split_named(const std::string& name) {
  return name == "train" ? data::Split::kTrain : data::Split::kTest;
}

std::string rgb(const data::Image& image) {
  std::string pixels;
  for (const std::uint8_t value : image.pixels)
    pixels.append(image.channels == 1 ? 3 : 1, static_cast<char>(value));
  return pixels;
}

support::Json read(const support::Json& asked) {
  try {
    data::DatasetOptions options;
    options.config = asked.value("config", "");
    options.image_column = asked.value("image_column", "");
    options.label_column = asked.value("label_column", "");
    const auto dataset = data::open_dataset(asked.at("spec"), split_named(asked.at("split")), options);
    support::Json read{{"class_names", dataset->class_names()}};
    for (std::int64_t i = 0; i < dataset->size(); ++i) {
      read["labels"].push_back(dataset->label(i));
      read["names"].push_back(dataset->image_name(i));
      if (!asked.contains("pixels")) continue;
      const std::string pixels = rgb(dataset->image(i));
      read["pixels"].push_back(support::sha256_hex(std::as_bytes(std::span(pixels))));
    }
    return read;
  } catch (const Error& error) {
    return {{"error", error.what()}};
  }
}

void dump_images(const data::Dataset& dataset, const char* out) {
  support::Json header{{"class_names", dataset.class_names()}};
  std::string pixels;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const data::Image image = dataset.image(i);
    header["labels"].push_back(dataset.label(i));
    header["sizes"].push_back({image.height, image.width});
    pixels += rgb(image);
  }
  std::ofstream(out, std::ios::binary) << header.dump() << "\n" << pixels;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr auto kReplace = support::Json::error_handler_t::replace;  // in errors with a file's bytes
  support::set_up_logging("warning", 0, 1, "");                       // to standard error
  std::string line;
  while (argc == 1 && std::getline(std::cin, line))
    std::cout << read(support::parse_json(line, "request")).dump(-1, ' ', false, kReplace) << std::endl;
  if (argc == 1) return 0;
  if (argc != 5) return 2;
  data::DatasetOptions options;
  options.split = argv[3];
  try {
    dump_images(*data::open_dataset(argv[1], split_named(argv[2]), options), argv[4]);
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return static_cast<int>(error.code());
  }
}
