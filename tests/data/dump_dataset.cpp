// SPDX-License-Identifier: Apache-2.0
// dump_dataset SPEC train|test SPLIT-NAME OUT: what the data room reads, for peer_test.py to compare. OUT
// gets one JSON line with class names, labels and sizes, then every image's RGB bytes.
// dump_dataset: for each line "train SPEC" or "test SPEC" of standard input a JSON line with class names,
// labels and the images' names, or with the error.
#include <fstream>
#include <iostream>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

namespace {

using namespace zoetrope;

data::Split split_named(const std::string& name) {
  return name == "train" ? data::Split::kTrain : data::Split::kTest;
}

support::Json names_of(const std::string& spec, data::Split split) {
  try {
    const auto dataset = data::open_dataset(spec, split, data::DatasetOptions{});
    support::Json read{{"class_names", dataset->class_names()}};
    for (std::int64_t i = 0; i < dataset->size(); ++i) {
      read["labels"].push_back(dataset->label(i));
      read["names"].push_back(dataset->image_name(i));
    }
    return read;
  } catch (const InputError& error) {
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
    for (const std::uint8_t value : image.pixels)
      pixels.append(image.channels == 1 ? 3 : 1, static_cast<char>(value));
  }
  std::ofstream(out, std::ios::binary) << header.dump() << "\n" << pixels;
}

}  // namespace

int main(int argc, char** argv) {
  support::set_up_logging("warning", 0, 1, "");  // to standard error
  std::string line;
  while (argc == 1 && std::getline(std::cin, line)) {
    const std::size_t space = line.find(' ');
    std::cout << names_of(line.substr(space + 1), split_named(line.substr(0, space))).dump() << std::endl;
  }
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
