// SPDX-License-Identifier: Apache-2.0
// What is packed is unpacked by zlib.
#include "zoetrope/support/deflate.hpp"

#include <algorithm>
#include <memory>
#include <random>

#include <gtest/gtest.h>
#include <malloc.h>
#include <zlib.h>

namespace zoetrope::support {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Container = Deflater::Container;
using Effort = Deflater::Effort;

Bytes unpack(std::string_view packed, Container container, std::size_t size) {
  Bytes bytes(size + 1);
  z_stream stream{};
  constexpr int kGzipHeader = 16;
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + (container == Container::kGzip ? kGzipHeader : 0)), Z_OK);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = bytes.data();
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u) << "something follows the end";
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

Bytes noise(std::size_t size) {
  std::mt19937 random(1);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Deflater, PacksWhatZlibUnpacks) {
  for (const Container container : {Container::kGzip, Container::kZlib}) {
    for (const Effort effort : {Effort::kLittle, Effort::kMost}) {
      for (const Bytes& bytes : {Bytes(), Bytes{7}, Bytes(1'000'000, 7), noise(1'000'000)}) {
        for (const std::size_t piece :
             {std::size_t{16}, std::size_t{1000}, std::size_t{300'000}, std::size_t{1'000'000}}) {
          Deflater deflater(container, effort);

          std::span<const std::uint8_t> left = bytes;
          do {
            const auto next = left.first(std::min(piece, left.size()));
            left = left.subspan(next.size());
            deflater.add(next, left.empty());
          } while (!left.empty());

          EXPECT_EQ(unpack(deflater.bytes(), container, bytes.size()), bytes) << "in pieces of " << piece;
        }
      }
    }
  }
}

TEST(Deflater, MakesTextSmallerWithMoreEffort) {
  Bytes text;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line =
        "row " + std::to_string(i * 7919 % 1000) + " of class " + std::to_string(i % 10) + "\n";
    text.insert(text.end(), line.begin(), line.end());
  }
  const auto packed_size = [&](Effort effort) {
    Deflater deflater(Container::kGzip, effort);
    deflater.add(text, true);
    return deflater.bytes().size();
  };

  EXPECT_LT(packed_size(Effort::kLittle), text.size() / 3);
  EXPECT_LT(packed_size(Effort::kMost), packed_size(Effort::kLittle));
}

std::string pack(std::span<const std::uint8_t> bytes, Container container, Effort effort) {
  Deflater deflater(container, effort);
  constexpr std::size_t kPiece = 70'000;
  for (; bytes.size() > kPiece; bytes = bytes.subspan(kPiece)) deflater.add(bytes.first(kPiece), false);
  deflater.add(bytes, true);
  return std::string(deflater.bytes());
}

// A frame's file is the same in every process: nothing that is packed depends on what memory held before.
TEST(Deflater, PacksTheSameWhateverMemoryHolds) {
  Bytes bytes = noise(400'000);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i / 7 % 50 + bytes[i] % 3);
  for (const Container container : {Container::kGzip, Container::kZlib}) {
    for (const Effort effort : {Effort::kLittle, Effort::kMost}) {
      const std::string packed = pack(bytes, container, effort);
      for (const int pattern : {0xaa, 0xff, 0x01}) {
        mallopt(M_PERTURB, pattern);  // of all that malloc gives from now on
        const std::string again = pack(bytes, container, effort);
        mallopt(M_PERTURB, 0);
        EXPECT_TRUE(again == packed) << "pattern " << pattern;
      }
    }
  }
}

TEST(Deflater, PacksTheSameWhereverItLiesInMemory) {
  const auto packed_of_all = [] {
    std::string packed;
    for (int first = 0; first < 12; ++first) {
      Bytes bytes(1000);
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(20 * first + i % 5);
      packed += pack(bytes, Container::kZlib, Effort::kLittle);
    }
    return packed;
  };
  const std::string packed = packed_of_all();
  // 64 KiB more of the heap lie before each Deflater than before the last.
  std::vector<std::unique_ptr<std::uint8_t[]>> before;
  for (int i = 0; i < 500; ++i) {
    before.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(std::size_t{1} << 16));
    ASSERT_TRUE(packed_of_all() == packed) << "at the " << i << "th place";
  }
}

}  // namespace
}  // namespace zoetrope::support
