// SPDX-License-Identifier: Apache-2.0
// The header of numpy's .npy format, versions 1.0, 2.0 and 3.0: numpy.lib.format says what is in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "number_type.hpp"

namespace zoetrope::data {

struct NpyHeader {
  NumberType type;
  bool is_by_columns = false;  // Fortran's order
  std::vector<std::uint64_t> shape;
  std::uint64_t bytes = 0;        // of the header: the numbers lie behind it
  std::uint64_t num_numbers = 0;  // the product of `shape`
};

// Gives a file's next bytes, as many as are asked for; throws where there are fewer.
using NextBytes = std::function<void(std::span<std::byte> into)>;

// Of an array in `size` bytes, which begin at what `next` gives. InputError, beginning with `place`, where it
// is none of numbers (object arrays are pickles, which can run code, and are refused), or where its shape is
// not that of all the bytes behind the header.
NpyHeader read_npy_header(const NextBytes& next, std::uint64_t size, const std::string& place);

}  // namespace zoetrope::data
