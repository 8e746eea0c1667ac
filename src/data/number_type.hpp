// SPDX-License-Identifier: Apache-2.0
// Numbers of other programs, as they lie in their files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "zoetrope/data/step_arrays.hpp"

namespace zoetrope::data {

// Of one number. `kind` is numpy's letter: f floating-point, i and u whole numbers with and without a sign.
struct NumberType {
  char kind = 0;
  std::size_t bytes = 0;
  bool is_big_endian = false;
};
std::string name_of(const NumberType& type);  // "float32"

// The `i`-th number of `bytes`; of kind i or u, of 1, 2, 4 or 8 bytes. False where it fits no int64.
bool load_integer(std::span<const std::byte> bytes, std::size_t i, const NumberType& type,
                  std::int64_t& value);

// Fills float32 [rows, columns], row-major, with numbers of kind f as they come out of a file: row by row, or
// column by column (Fortran's order). The values are those of numpy's astype(float32). InputError, naming the
// array and the row, where one is not finite or too large for that.
class FloatRows {
 public:
  // No more than `believed` bytes are set aside at once: beyond, memory grows as numbers come. An array whose
  // file has been found to hold all of it is believed.
  FloatRows(const ArrayInfo& array, const NumberType& type, bool is_by_columns,
            std::int64_t believed = std::numeric_limits<std::int64_t>::max());

  void add(std::span<const std::byte> bytes);  // whole numbers, no more than are missing
  std::vector<float> take();

 private:
  template <typename Load>
  void add_each(std::span<const std::byte> bytes, const Load& load);
  std::size_t place_of(std::size_t number) const;  // in the result
  [[noreturn]] void refuse(std::size_t at, double value) const;

  const ArrayInfo& array_;
  NumberType type_;
  bool is_by_columns_;
  std::size_t size_;
  bool is_turned_at_end_;  // until then by columns
  std::size_t next_ = 0;   // number, in the file's order
  std::vector<float> values_;
};

}  // namespace zoetrope::data
