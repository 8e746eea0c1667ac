// SPDX-License-Identifier: Apache-2.0
// Image files, on the disk or in zip files: DIR/train.zip/cat/1.png is cat/1.png in DIR/train.zip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "zoetrope/data/dataset.hpp"

#include "data_files.hpp"
#include "zip_file.hpp"

namespace zoetrope::data {

class FolderFiles {
 public:
  // Puts in the place of each zip file in `choice` the files in it, of which those of choice.own are kept in
  // memory. Throws InputError where a zip file cannot be read, where there are images beside zip files, and
  // where the files in them lie at different depths, in no folder, or have their labels in a table:
  // `datasets` gives the first no labels. Returns whether there are any.
  bool open_archives(const std::filesystem::path& folder, SplitChoice& choice);

  std::uintmax_t size(const std::filesystem::path& file) const;
  std::string read(const std::filesystem::path& file) const;
  Image decode(const std::filesystem::path& file) const;
  // An image that no decoder here reads.
  bool is_of_unread_kind(const std::filesystem::path& file) const;

 private:
  std::string first_bytes(const std::filesystem::path& file) const;
  const ZipFile* archive_of(const std::filesystem::path& file, std::string& name) const;

  std::map<std::string, ZipFile> archives_;  // by their paths, with a slash behind
};

}  // namespace zoetrope::data
