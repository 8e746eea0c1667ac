// SPDX-License-Identifier: Apache-2.0
// What lies where in a tar file, compressed or not.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/support/files.hpp"

namespace zoetrope::data {

struct TarEntry {
  std::string name;
  std::size_t offset = 0;  // of its bytes, within those of the tar file
  std::size_t size = 0;
};

// Maps the file; what is compressed (gzip, bzip2, xz, zstd, lz4) is unpacked into memory as a whole, since
// images are looked up in its middle.
class TarFile {
 public:
  // Throws InputError naming the file and the byte where it is damaged or cut, where it holds a file in
  // pieces, and where it unpacks to far more than its size. A tar file that lacks the zeros at its end, as
  // some write it, is warned of: it may have been cut.
  explicit TarFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  // Its files in their order, without folders and links, and without hidden ones, as `datasets` leaves them
  // out.
  const std::vector<TarEntry>& entries() const { return entries_; }
  std::string_view bytes_of(const TarEntry& entry) const { return bytes().substr(entry.offset, entry.size); }

 private:
  std::string_view packed() const;
  std::string_view bytes() const { return is_packed_ ? std::string_view(unpacked_) : packed(); }

  support::MappedFile file_;
  bool is_packed_;
  std::string unpacked_;
  std::vector<TarEntry> entries_;
};

}  // namespace zoetrope::data
