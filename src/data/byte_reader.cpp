// SPDX-License-Identifier: Apache-2.0
#include "byte_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <isa-l/igzip_lib.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

#include "memory_bound.hpp"

namespace zoetrope::data {
namespace {

constexpr std::uint64_t kDeflateMaxRatio = 1032;  // zlib's manual: no input expands further than this
// A header is believed so far; beyond, as much again as has come.
constexpr std::uint64_t kBelieved = std::uint64_t{16} << 20;
constexpr std::size_t kLargestChunk = std::size_t{1} << 26;  // so that a signal is heard in between

const char* damage(int code) {
  switch (code) {
    case ISAL_INVALID_BLOCK:
      return "a block of no known kind";
    case ISAL_INVALID_SYMBOL:
      return "a code that stands for nothing";
    case ISAL_INVALID_LOOKBACK:
      return "a reference to before its start";
    case ISAL_INVALID_WRAPPER:
      return "no gzip header";
    case ISAL_UNSUPPORTED_METHOD:
      return "not packed by DEFLATE";
    case ISAL_INCORRECT_CHECKSUM:
      return "its checksum or length is another";
    default:
      return "an error unknown here";
  }
}

}  // namespace

ByteReader::ByteReader(const std::filesystem::path& path) : path_(path), file_(path) {
  const auto bytes = file_.bytes();
  if (bytes.size() < 2 || bytes[0] != std::byte{0x1f} || bytes[1] != std::byte{0x8b}) return;
  stream_ = std::make_unique<inflate_state>();
  isal_inflate_init(stream_.get());
  stream_->crc_flag = ISAL_GZIP;
  // ISA-L's interface knows no const; it does not write to its input.
  stream_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(bytes.data()));
}

ByteReader::~ByteReader() = default;

void ByteReader::fail(std::uint64_t offset, const std::string& what) const {
  throw InputError(path_.string() + ": byte " + std::to_string(offset) + (stream_ ? " (unpacked): " : ": ") +
                   what);
}

std::uint64_t ByteReader::most_bytes_left() const noexcept {
  const std::uint64_t size = file_.bytes().size();
  if (!stream_) return size - offset_;
  const auto believed = static_cast<std::uint64_t>(believed_bytes(static_cast<std::int64_t>(size)));
  return std::min(size * kDeflateMaxRatio, believed);
}

std::size_t ByteReader::packed_bytes_read() const {
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(stream_->next_in) -
                                  file_.bytes().data());
}

// Unpacks up to out.size() bytes and returns how many came; fewer only at the end of the gzip member.
std::size_t ByteReader::unpack(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size() && stream_->block_state != ISAL_BLOCK_FINISH) {
    support::stop_point();
    const auto in_chunk =
        static_cast<std::uint32_t>(std::min(file_.bytes().size() - packed_bytes_read(), kLargestChunk));
    const auto out_chunk = static_cast<std::uint32_t>(std::min(out.size() - done, kLargestChunk));
    stream_->avail_in = in_chunk;
    stream_->next_out = out.data() + done;
    stream_->avail_out = out_chunk;
    const int code = isal_inflate(stream_.get());
    done += out_chunk - stream_->avail_out;
    if (code != ISAL_DECOMP_OK) {
      fail(offset_ + done,
           std::string("the gzip data is damaged (") + damage(code) + "); copy or download the file again");
    }
    const bool moved = stream_->avail_in < in_chunk || stream_->avail_out < out_chunk;
    if (!moved && stream_->block_state != ISAL_BLOCK_FINISH)
      fail(offset_ + done, "the gzip data ends here, too early; copy or download the file again");
  }
  return done;
}

void ByteReader::read(std::span<std::uint8_t> out, std::uint64_t later) {
  if (out.empty()) return;
  std::size_t got = 0;
  if (stream_) {
    got = unpack(out);
  } else {
    got = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), most_bytes_left()));
    std::memcpy(out.data(), file_.bytes().data() + offset_, got);
  }
  if (got < out.size()) {
    fail(offset_ + got, "the file ends here, " + std::to_string(out.size() - got + later) +
                            " bytes too early; copy or download it again");
  }
  offset_ += got;
}

std::vector<std::uint8_t> ByteReader::read_bytes(std::uint64_t count) {
  std::vector<std::uint8_t> bytes;
  if (!stream_ && count <= most_bytes_left()) bytes.reserve(count);
  while (bytes.size() < count) {
    const std::size_t before = bytes.size();
    bytes.resize(std::min<std::uint64_t>(count, std::max<std::uint64_t>(kBelieved, 2 * before)));
    read(std::span(bytes).subspan(before), count - bytes.size());
  }
  return bytes;
}

std::uint32_t ByteReader::read_big_endian_u32() {
  std::array<std::uint8_t, 4> b{};
  read(b);
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 |
         std::uint32_t{b[3]};
}

void ByteReader::expect_end() {
  if (stream_) {
    std::uint8_t extra = 0;
    if (unpack({&extra, 1}) != 0)
      fail(offset_, "more bytes follow than the header announces; this is another kind of file");
    const std::size_t used = packed_bytes_read();
    if (used < file_.bytes().size()) {
      throw InputError(path_.string() + ": byte " + std::to_string(used) +
                       " (packed): data follows the end of the gzip member; copy or download the file again");
    }
  } else if (most_bytes_left() != 0) {
    fail(offset_, std::to_string(most_bytes_left()) +
                      " bytes follow that the header does not announce; this is another kind of file");
  }
}

}  // namespace zoetrope::data
