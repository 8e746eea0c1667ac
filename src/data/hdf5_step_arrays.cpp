// SPDX-License-Identifier: Apache-2.0
// HDF5 files: a dataset for each step, or all steps in one.
#include <algorithm>
#include <string>

#include "zoetrope/store/hdf5_arrays.hpp"
#include "zoetrope/support/error.hpp"

#include "step_readers.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kRowsAtOnceBytes = std::uint64_t{1} << 22;
constexpr const char* kStepDataset = "step";

// The part of a dataset that is one step's array: all of it, or entry `entry` of dimension 0.
struct Part {
  std::string dataset;
  NumberType type;
  std::int64_t entry = -1;
};

class Hdf5StepArrays final : public StepArrays {
 public:
  Hdf5StepArrays(const fs::path& path, const std::string& word) : path_(path), file_(path) {
    const auto names = file_.names();
    for (const std::string& name : names)
      if (const auto step = step_in_name(name, word)) add_dataset(*step, name);
    const bool is_stacked = std::ranges::find(names, word) != names.end();
    if (is_stacked && !steps().empty())
      throw InputError(path.string() + ": /" + word +
                       ": beside it are datasets of single steps; keep one of the two");
    if (is_stacked) add_stack(word, std::ranges::find(names, kStepDataset) != names.end());
  }

  std::vector<float> read(std::int64_t step) const override {
    const ArrayInfo& array = steps().at(step);
    const Part& part = parts_.at(step);
    FloatRows rows(array, part.type, false);
    const auto row_bytes = static_cast<std::uint64_t>(array.columns) * part.type.bytes;
    const auto num_rows = static_cast<std::uint64_t>(array.rows);
    if (part.entry >= 0) {
      std::vector<std::byte> bytes(num_rows * row_bytes);
      file_.read(part.dataset, static_cast<std::uint64_t>(part.entry), 1, bytes);
      rows.add(bytes);
      return rows.take();
    }
    const std::uint64_t at_once = std::max<std::uint64_t>(1, kRowsAtOnceBytes / row_bytes);
    for (std::uint64_t row = 0; row < num_rows; row += at_once) {
      const std::uint64_t count = std::min(at_once, num_rows - row);
      std::vector<std::byte> bytes(count * row_bytes);
      file_.read(part.dataset, row, count, bytes);
      rows.add(bytes);
    }
    return rows.take();
  }

 private:
  std::string place_of(const std::string& dataset) const { return path_.string() + ": /" + dataset; }

  // Of numbers; `kind` 0 would be another type.
  store::Hdf5Array described(const std::string& dataset) const {
    store::Hdf5Array array = file_.describe(dataset);
    if (array.kind == 0)
      throw InputError(place_of(dataset) +
                       ": holds no numbers of a usual type; float16, float32 or float64 is expected");
    return array;
  }

  void add_dataset(std::int64_t step, const std::string& dataset) {
    const store::Hdf5Array array = described(dataset);
    const NumberType type{array.kind, array.bytes, array.is_big_endian};
    add(step, array_info(place_of(dataset), type, array.shape));
    parts_[step] = {dataset, type, -1};
  }

  // Steps are 0, 1, ... where no dataset has them.
  std::vector<std::int64_t> read_steps(std::uint64_t count, bool has_dataset) const {
    std::vector<std::int64_t> steps(count);
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<std::int64_t>(i);
    if (!has_dataset) return steps;
    const store::Hdf5Array array = described(kStepDataset);
    if (array.kind == 'f' || array.shape != std::vector<std::uint64_t>{count})
      throw InputError(place_of(kStepDataset) + ": is no list of " + std::to_string(count) +
                       " whole numbers, one for each array");
    std::vector<std::byte> bytes(count * array.bytes);
    file_.read(kStepDataset, 0, count, bytes);
    const NumberType type{array.kind, array.bytes, array.is_big_endian};
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (!load_integer(bytes, i, type, steps[i]) || steps[i] < 0 || steps[i] > kMostSteps)
        throw InputError(place_of(kStepDataset) + ": entry " + std::to_string(i) +
                         " is no step of a training");
    return steps;
  }

  void add_stack(const std::string& dataset, bool has_steps) {
    const store::Hdf5Array array = described(dataset);
    if (array.shape.size() != 3)
      throw InputError(place_of(dataset) + ": has " + std::to_string(array.shape.size()) +
                       " dimensions; three are expected: steps, rows, columns");
    const NumberType type{array.kind, array.bytes, array.is_big_endian};
    array_info(place_of(dataset), type, {array.shape[1], array.shape[2]});  // else the file need not hold any
    const auto steps = read_steps(array.shape[0], has_steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::string place =
          place_of(dataset) + "[" + std::to_string(i) + "] (step " + std::to_string(steps[i]) + ")";
      add(steps[i], array_info(place, type, {array.shape[1], array.shape[2]}));
      parts_[steps[i]] = {dataset, type, static_cast<std::int64_t>(i)};
    }
  }

  fs::path path_;
  store::Hdf5Arrays file_;
  std::map<std::int64_t, Part> parts_;
};

}  // namespace

std::unique_ptr<StepArrays> open_hdf5_arrays(const fs::path& file, const std::string& word) {
  return std::make_unique<Hdf5StepArrays>(file, word);
}

}  // namespace zoetrope::data
