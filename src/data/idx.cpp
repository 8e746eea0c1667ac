// SPDX-License-Identifier: Apache-2.0
// The IDX format of MNIST and its kin (http://yann.lecun.com/exdb/mnist): big-endian, a magic number whose
// last byte counts the dimensions, one 32-bit size per dimension, then unsigned bytes.
#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

#include "array_dataset.hpp"
#include "byte_reader.hpp"
#include "class_names.hpp"
#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kImagesMagic = 0x00000803;  // unsigned bytes, 3 dimensions
constexpr std::uint32_t kLabelsMagic = 0x00000801;  // unsigned bytes, 1 dimension
constexpr std::uint32_t kMaxIdxSide = 65535;
constexpr std::size_t kDefaultClasses = 10;

// SHA-256 of Fashion-MNIST's unpacked labels (training, test): the folder may have any name.
constexpr std::array<std::string_view, 2> kFashionMnistLabels{
    "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"};

fs::path find_file(const fs::path& folder, const std::string& stem, const std::string& kind) {
  const std::string names[] = {stem + "-" + kind, stem + "-" + kind + ".gz", stem + "." + kind,
                               stem + "." + kind + ".gz"};
  for (const std::string& name : names) {
    if (support::exists(folder / name)) return folder / name;
  }
  throw InputError(folder.string() + ": holds neither " + names[0] + " nor " + names[1] +
                   "; give the folder of an IDX data set (Debian: apt-get install dataset-fashion-mnist)");
}

void expect_magic(ByteReader& reader, std::uint32_t expected, const char* what) {
  const std::uint32_t magic = reader.read_big_endian_u32();
  if (magic == expected) return;
  reader.fail(0, "the magic number is " + std::to_string(magic) + ", not " + std::to_string(expected) +
                     ": not an IDX file of " + what);
}

std::vector<std::uint8_t> read_labels(const fs::path& path) {
  ByteReader reader(path);
  expect_magic(reader, kLabelsMagic, "labels");
  const std::uint32_t count = reader.read_big_endian_u32();
  if (count > reader.most_bytes_left())
    reader.fail(4, "the header announces " + std::to_string(count) + " labels, more than the file can hold");
  std::vector<std::uint8_t> labels = reader.read_bytes(count);
  reader.expect_end();
  return labels;
}

void skip(ByteReader& reader, std::uint64_t bytes) {
  std::vector<std::uint8_t> scratch(std::min<std::uint64_t>(bytes, std::uint64_t{1} << 20));
  while (bytes > 0) {
    const auto step = std::min<std::uint64_t>(bytes, scratch.size());
    reader.read(std::span(scratch).first(step));
    bytes -= step;
  }
}

// Reads the first `keep` of the file's images into `array`; the rest is only checked.
void read_images(const fs::path& path, std::uint64_t num_labels, std::uint64_t keep, ImageArray& array) {
  ByteReader reader(path);
  expect_magic(reader, kImagesMagic, "images");
  const std::uint64_t count = reader.read_big_endian_u32();
  const std::uint64_t height = reader.read_big_endian_u32();
  const std::uint64_t width = reader.read_big_endian_u32();
  if (count != num_labels) {
    reader.fail(4, "the header announces " + std::to_string(count) + " images, but there are " +
                       std::to_string(num_labels) + " labels; the two files belong to different sets");
  }
  if (height == 0 || width == 0 || height > kMaxIdxSide || width > kMaxIdxSide)
    reader.fail(8, "images of " + std::to_string(height) + " x " + std::to_string(width) +
                       " pixels are not possible here");
  const std::uint64_t image_bytes = height * width;
  if (count > reader.most_bytes_left() / image_bytes) {
    reader.fail(4, "the header announces " + std::to_string(count) + " images of " + std::to_string(height) +
                       " x " + std::to_string(width) +
                       " pixels, more than the file holds; copy or download it again");
  }
  array.height = static_cast<int>(height);
  array.width = static_cast<int>(width);
  array.channels = 1;
  array.pixels = reader.read_bytes(keep * image_bytes);
  skip(reader, (count - keep) * image_bytes);
  reader.expect_end();
}

bool is_fashion_mnist(const fs::path& folder, std::span<const std::uint8_t> labels) {
  const std::string digest = support::sha256_hex(std::as_bytes(labels));
  if (std::ranges::find(kFashionMnistLabels, digest) != kFashionMnistLabels.end()) return true;
  std::string name = fs::weakly_canonical(folder).string();
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name.find("fashion") != std::string::npos;
}

std::vector<std::string> choose_class_names(const fs::path& folder, std::span<const std::uint8_t> labels) {
  if (auto names = class_names_in(folder)) return *std::move(names);
  if (is_fashion_mnist(folder, labels)) return fashion_mnist_class_names();
  std::vector<std::string> digits;
  for (std::size_t i = 0; i < kDefaultClasses; ++i) digits.push_back(std::to_string(i));
  return digits;
}

void check_labels(const fs::path& path, std::span<const std::uint8_t> labels, std::size_t num_classes) {
  constexpr std::size_t kHeaderBytes = 8;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < num_classes) continue;
    throw InputError(path.string() + ": byte " + std::to_string(kHeaderBytes + i) + ": label " +
                     std::to_string(labels[i]) + " is outside the " + std::to_string(num_classes) +
                     " classes; name the classes, one a line, in " +
                     (path.parent_path() / "class_names.txt").string());
  }
}

// "train" and "t10k", as the files of a split begin.
std::string stem_of(Split split) {
  return split == Split::kTrain ? "train" : "t10k";
}

// None where the other split cannot be read, which who opens it says.
std::vector<std::uint8_t> labels_of_other(const fs::path& folder, Split split) {
  try {
    return read_labels(find_file(folder, stem_of(other_of(split)) + "-labels", "idx1-ubyte"));
  } catch (const InputError&) {
    return {};
  }
}

}  // namespace

std::unique_ptr<Dataset> open_idx(const fs::path& folder, Split split, const DatasetOptions& options) {
  const std::string stem = stem_of(split);
  const fs::path images_path = find_file(folder, stem + "-images", "idx3-ubyte");
  const fs::path labels_path = find_file(folder, stem + "-labels", "idx1-ubyte");
  ImageArray array;
  array.labels = read_labels(labels_path);
  if (array.labels.empty())
    throw InputError(labels_path.string() + ": byte 4: the header announces no labels");
  array.class_names = choose_class_names(folder, array.labels);
  check_labels(labels_path, array.labels, array.class_names.size());
  warn_of_lone_classes(array.class_names, split, array.labels, labels_of_other(folder, split), folder);
  const std::size_t count = array.labels.size();
  const std::size_t keep =
      options.limit > 0 ? std::min(count, static_cast<std::size_t>(options.limit)) : count;
  read_images(images_path, count, keep, array);
  array.labels.resize(keep);
  return std::make_unique<ArrayDataset>(std::move(array), "idx", split);
}

}  // namespace zoetrope::data
