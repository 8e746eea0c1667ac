// SPDX-License-Identifier: Apache-2.0
// A zip file of image files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/support/files.hpp"

namespace zoetrope::data {

// The files in a zip file that `datasets` would find once it has unpacked it, in its order: those of a folder
// before those of the folders in it. Hidden ones, those in hidden folders and in folders with __ before their
// names are left out, and so is what leads out of the zip file. Throws InputError naming the file where it is
// damaged.
std::vector<std::string> names_in_zip(const std::filesystem::path& path);

// Its image files, by their names, in memory: images are looked up in the middle.
class ZipFile {
 public:
  // Throws InputError where the file is damaged, encrypted or cut, and where it unpacks to far more than its
  // size.
  explicit ZipFile(const std::filesystem::path& path);

  // Throws InputError where there is no such image file.
  std::span<const std::byte> bytes_of(const std::string& name) const;

 private:
  struct Place {
    std::size_t offset = 0, size = 0;
  };
  std::filesystem::path path_;
  std::string unpacked_;
  std::map<std::string, Place> places_;
};

}  // namespace zoetrope::data
