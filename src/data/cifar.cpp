// SPDX-License-Identifier: Apache-2.0
// CIFAR's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of a label byte and 3 x 32 x
// 32 bytes, one colour plane after the other.
#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "array_dataset.hpp"
#include "class_names.hpp"
#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr int kSide = 32;
constexpr int kChannels = 3;
constexpr std::size_t kPixelBytes = std::size_t{kChannels} * kSide * kSide;

struct RecordLayout {
  std::size_t label_offset = 0;
  std::size_t label_bytes = 1;
  std::size_t size() const { return label_bytes + kPixelBytes; }
};

// Checks every record of `path` and appends them to `array` until it holds `keep` images.
void append_records(const fs::path& path, const RecordLayout& layout, std::size_t keep, ImageArray& array) {
  const support::MappedFile file(path);
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(file.bytes().data()),
                                            file.bytes().size());
  const std::size_t count = bytes.size() / layout.size();
  if (bytes.size() % layout.size() != 0) {
    throw InputError(path.string() + ": byte " + std::to_string(count * layout.size()) +
                     ": the file ends within a record of " + std::to_string(layout.size()) +
                     " bytes; it is cut off, or not CIFAR's binary version");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto record = bytes.subspan(i * layout.size(), layout.size());
    const std::uint8_t label = record[layout.label_offset];
    if (label >= array.class_names.size()) {
      throw InputError(path.string() + ": byte " + std::to_string(i * layout.size() + layout.label_offset) +
                       ": label " + std::to_string(label) + " is outside the " +
                       std::to_string(array.class_names.size()) +
                       " classes; this is not CIFAR's binary version, or it is damaged");
    }
    if (array.labels.size() == keep) continue;
    array.labels.push_back(label);
    const auto pixels = record.subspan(layout.label_bytes);
    array.pixels.insert(array.pixels.end(), pixels.begin(), pixels.end());
  }
}

void require(const fs::path& file) {
  if (!support::exists(file))
    throw InputError(file.string() +
                     ": is missing; unpack the archive of CIFAR's binary version and give its folder");
}

std::vector<std::string> required_class_names(const fs::path& file) {
  require(file);
  return read_class_names(file);
}

ImageArray read_files(const std::vector<fs::path>& files, std::vector<std::string> class_names,
                      const RecordLayout& layout, std::int64_t limit) {
  ImageArray array{kSide, kSide, kChannels, {}, {}, std::move(class_names)};
  std::size_t total = 0;
  for (const fs::path& file : files) {
    require(file);
    total += support::file_size(file) / layout.size();
  }
  const std::size_t keep = limit > 0 ? std::min(total, static_cast<std::size_t>(limit)) : total;
  array.labels.reserve(keep);
  array.pixels.reserve(keep * kPixelBytes);
  for (const fs::path& file : files) append_records(file, layout, keep, array);
  return array;
}

// The labels alone; none where a file cannot be read, which who opens its split says.
std::vector<std::uint8_t> labels_in(const std::vector<fs::path>& files, const RecordLayout& layout) {
  std::vector<std::uint8_t> labels;
  try {
    for (const fs::path& path : files) {
      const support::MappedFile file(path);
      for (std::size_t at = layout.label_offset; at < file.bytes().size(); at += layout.size())
        labels.push_back(std::to_integer<std::uint8_t>(file.bytes()[at]));
    }
  } catch (const InputError&) {
    return {};
  }
  return labels;
}

struct CifarKind {
  const char* name;
  std::vector<fs::path> (*files)(const fs::path& folder, Split split);
  const char* names_file;
  RecordLayout layout;
};

std::unique_ptr<Dataset> open_cifar(const CifarKind& kind, const fs::path& folder, Split split,
                                    std::int64_t limit) {
  const auto files = kind.files(folder, split);
  ImageArray array = read_files(files, required_class_names(folder / kind.names_file), kind.layout, limit);
  warn_of_lone_classes(array.class_names, split, labels_in(files, kind.layout),
                       labels_in(kind.files(folder, other_of(split)), kind.layout), folder);
  return std::make_unique<ArrayDataset>(std::move(array), kind.name, split);
}

std::vector<fs::path> files_of_cifar10(const fs::path& folder, Split split) {
  if (split == Split::kTest) return {folder / "test_batch.bin"};
  std::vector<fs::path> files;
  for (int i = 1; i <= 5; ++i) files.push_back(folder / ("data_batch_" + std::to_string(i) + ".bin"));
  return files;
}

std::vector<fs::path> files_of_cifar100(const fs::path& folder, Split split) {
  return {folder / (split == Split::kTrain ? "train.bin" : "test.bin")};
}

}  // namespace

std::unique_ptr<Dataset> open_cifar10(const fs::path& folder, Split split, const DatasetOptions& options) {
  return open_cifar({"cifar10", files_of_cifar10, "batches.meta.txt", {}}, folder, split, options.limit);
}

std::unique_ptr<Dataset> open_cifar100(const fs::path& folder, Split split, const DatasetOptions& options) {
  const bool coarse = options.label_column.starts_with("coarse");
  if (!coarse && !options.label_column.empty() && !options.label_column.starts_with("fine"))
    throw UsageError("--label-column " + options.label_column + ": cifar100 has fine_label and coarse_label");
  const RecordLayout layout{.label_offset = coarse ? std::size_t{0} : 1, .label_bytes = 2};
  const char* names = coarse ? "coarse_label_names.txt" : "fine_label_names.txt";
  return open_cifar({"cifar100", files_of_cifar100, names, layout}, folder, split, options.limit);
}

}  // namespace zoetrope::data
