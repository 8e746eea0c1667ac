// SPDX-License-Identifier: Apache-2.0
// How analysis.h5 is read, dataset by dataset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/support/error.hpp"

#include "hdf5.hpp"

namespace zoetrope::store {

using Shape = std::vector<std::uint64_t>;

// Reads datasets of one file, comparing each shape with what the others imply.
class AnalysisReader {
 public:
  explicit AnalysisReader(const std::filesystem::path& path) : path_(path), file_(Hdf5File::open(path)) {}

  const Hdf5File& file() const { return file_; }

  // The length of a 1-D dataset, or [first, ?] for a 2-D one.
  std::uint64_t length(const std::string& name, ElementType type) const {
    return shape(name, type, 1).front();
  }
  std::uint64_t width(const std::string& name, ElementType type) const { return shape(name, type, 2).back(); }

  std::vector<double> doubles(const std::string& name, const Shape& expected) const {
    require(name, ElementType::kFloat64, expected);
    return file_.read_doubles(name);
  }
  std::vector<std::int64_t> ints(const std::string& name, const Shape& expected) const {
    require(name, ElementType::kInt64, expected);
    return file_.read_ints(name);
  }
  std::vector<double> doubles_if_any(const std::string& name, const Shape& expected) const {
    return file_.has(name) ? doubles(name, expected) : std::vector<double>{};
  }
  std::vector<float> floats_if_any(const std::string& name, const Shape& expected) const {
    if (!file_.has(name)) return {};
    require(name, ElementType::kFloat32, expected);
    return file_.read_floats(name);
  }
  std::vector<std::int64_t> ints_if_any(const std::string& name, const Shape& expected) const {
    return file_.has(name) ? ints(name, expected) : std::vector<std::int64_t>{};
  }
  std::vector<std::int32_t> neighbours_if_any(const std::string& name, std::uint64_t frames,
                                              std::uint64_t images) const {
    if (!file_.has(name)) return {};
    require(name, ElementType::kInt32, {frames, images, shape(name, ElementType::kInt32, 3).back()});
    return file_.read_short_ints(name);
  }
  std::vector<std::string> strings_if_any(const std::string& name, std::uint64_t length) const {
    if (!file_.has(name)) return {};
    std::vector<std::string> strings = file_.read_strings(name);
    if (strings.size() != length) fail(name, "has not as many entries as there are frames");
    return strings;
  }
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw InputError(path_.string() + ": /" + name + ": " + what);
  }

 private:
  Shape shape(const std::string& name, ElementType type, std::size_t dimensions) const {
    Shape shape = file_.expect(name, type).shape;
    if (shape.size() != dimensions) {
      fail(name, "has " + std::to_string(shape.size()) + " dimensions, not " + std::to_string(dimensions));
    }
    return shape;
  }
  void require(const std::string& name, ElementType type, const Shape& expected) const {
    const Shape shape = file_.expect(name, type).shape;
    if (shape != expected)
      fail(name, "has shape " + to_text(shape) + "; the others ask for " + to_text(expected));
  }
  static std::string to_text(const Shape& shape) {
    std::string text;
    for (const std::uint64_t extent : shape) text += (text.empty() ? "[" : ", ") + std::to_string(extent);
    return text + "]";
  }

  std::filesystem::path path_;
  Hdf5File file_;
};

// Those of training images, beside `frames` x `images`; their names.
const std::vector<std::string>& training_names();
void read_training(const AnalysisReader& reader, std::uint64_t frames, std::uint64_t images,
                   Analysis& analysis);
void write_training(Hdf5File& file, const Analysis& analysis);

}  // namespace zoetrope::store
