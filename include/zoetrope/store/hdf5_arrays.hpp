// SPDX-License-Identifier: Apache-2.0
// Arrays of numbers in HDF5 files of other programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace zoetrope::store {

class Hdf5File;

struct Hdf5Array {
  std::vector<std::uint64_t> shape;
  // Of one number: numpy's letter, f floating-point (IEEE 754), i and u whole numbers; 0: another type.
  char kind = 0;
  std::size_t bytes = 0;
  bool is_big_endian = false;
};

// One open file, of the thread that has opened it. Errors are InputError naming the file and the dataset.
// What is refused of a run's own files is refused here, too: compressed data, links, data in other files, and
// shapes that the file does not hold.
class Hdf5Arrays {
 public:
  explicit Hdf5Arrays(const std::filesystem::path& path);
  ~Hdf5Arrays();
  Hdf5Arrays(const Hdf5Arrays&) = delete;
  Hdf5Arrays& operator=(const Hdf5Arrays&) = delete;

  std::vector<std::string> names() const;  // the datasets at the root, sorted
  Hdf5Array describe(const std::string& name) const;
  // `count` entries of dimension 0 from `first` on, as they lie in the file. `into` is as large.
  void read(const std::string& name, std::uint64_t first, std::uint64_t count,
            std::span<std::byte> into) const;

 private:
  std::unique_ptr<Hdf5File> file_;
};

}  // namespace zoetrope::store
