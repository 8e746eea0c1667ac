// SPDX-License-Identifier: Apache-2.0
// Arrays that other programs have written: one for each step of a training, a row for each thing that was
// embedded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace zoetrope::data {

// An array of floating-point numbers, [rows, columns].
struct ArrayInfo {
  std::string place;  // for errors: "emb/step_20.npy", "emb.npz: step_20"
  std::string dtype;  // "float16", "float32" or "float64"
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

// Not thread-safe.
class StepArrays {
 public:
  StepArrays() = default;
  virtual ~StepArrays() = default;
  StepArrays(const StepArrays&) = delete;
  StepArrays& operator=(const StepArrays&) = delete;

  const std::map<std::int64_t, ArrayInfo>& steps() const { return steps_; }
  // Row-major [rows, columns], as numpy's astype(float32) gives them. InputError, naming the array, where the
  // file is cut or damaged, and, naming the row, where a number is not finite or too large for float32.
  virtual std::vector<float> read(std::int64_t step) const = 0;

 protected:
  // InputError where the step has an array already.
  void add(std::int64_t step, ArrayInfo array);

 private:
  std::map<std::int64_t, ArrayInfo> steps_;
};

// clang-format off
// Opens, by what `place` is:
//   a folder    <step>.npy, step_<step>.npy, step-<step>.npy, checkpoint-<step>.npy, ... in it
//   .npz        such arrays in one file, stored or deflated
//   .h5, .hdf5  such datasets at its root, or one /<word> [T, rows, columns], with its steps in /step
//   .parquet    columns of lists, <word>_<step>
// clang-format on
// `word`, which may stand in place of "step", is "embeddings" or "logits"; of embeddings also "embedding".
// All else is passed over. Only headers are read, of Parquet a column's first row group, too, and each array
// can have the bytes that its header claims. Throws InputError where nothing is of a step, and, naming the
// array, what is damaged, no array of floating-point numbers or not two-dimensional.
std::unique_ptr<StepArrays> open_step_arrays(const std::filesystem::path& place, const std::string& word);

}  // namespace zoetrope::data
