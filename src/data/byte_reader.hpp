// SPDX-License-Identifier: Apache-2.0
// A file's bytes in order, unpacked on the way when it is gzip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zoetrope/support/files.hpp"

struct inflate_state;  // ISA-L's

namespace zoetrope::data {

// Reads a file, plain or gzip (told by its first two bytes, not by its name). Offsets count unpacked bytes.
// Every error is an InputError that names the file and the offset.
class ByteReader {
 public:
  explicit ByteReader(const std::filesystem::path& path);
  ~ByteReader();
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  // Fills `out`; an error when the file ends before, which counts what is to be read later, too.
  void read(std::span<std::uint8_t> out, std::uint64_t later = 0);
  // The next `count` bytes. Memory is set aside as they come: a gzip file need not hold what it announces.
  std::vector<std::uint8_t> read_bytes(std::uint64_t count);
  std::uint32_t read_big_endian_u32();
  // An error unless every byte was read and, for gzip, the checksum holds.
  void expect_end();

  std::uint64_t offset() const noexcept { return offset_; }
  // More bytes than this cannot follow, whatever a header says: to be asked before memory is set aside.
  std::uint64_t most_bytes_left() const noexcept;
  // "FILE: byte OFFSET: " + `what`, as an InputError.
  [[noreturn]] void fail(std::uint64_t offset, const std::string& what) const;

 private:
  std::size_t packed_bytes_read() const;
  std::size_t unpack(std::span<std::uint8_t> out);

  std::filesystem::path path_;
  support::MappedFile file_;
  std::uint64_t offset_ = 0;
  std::unique_ptr<inflate_state> stream_;  // null: not packed
};

}  // namespace zoetrope::data
