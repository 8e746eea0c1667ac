// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "zoetrope/support/files.hpp"

struct archive;
struct archive_entry;

namespace zoetrope::data {

// The files in a zip file, one after the other, as its directory at the end lists them. All throw InputError
// naming the file where it is damaged, cut, or not what it should be.
class ZipReader {
 public:
  // `kind`, in errors, is what the file should be: ".npz file". Both must outlive the reader.
  ZipReader(const support::MappedFile& file, const char* kind);

  // Whether there is another, which the rest is about.
  bool next();

  // "" of a folder and of a link. Where the zip file does not say that it is UTF-8, it is read as Python's
  // zipfile reads it.
  std::string name() const;
  // Unpacked; what cannot be in so small a file is refused.
  std::uint64_t size() const;
  // The next bytes, all of them.
  void read(std::span<std::byte> into) const;
  // That all bytes were read, and are those that the checksum is of.
  void require_end() const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string reason() const;
  void check(int result) const;

  const support::MappedFile& file_;
  const char* kind_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
};

}  // namespace zoetrope::data
