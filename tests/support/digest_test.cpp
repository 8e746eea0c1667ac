// SPDX-License-Identifier: Apache-2.0
// The values are those of sha256sum, and of Python's xxhash.xxh3_128_hexdigest.
#include "zoetrope/support/digest.hpp"

#include <cstdint>
#include <map>

#include <gtest/gtest.h>

#include "zoetrope/support/progress_marks.hpp"

namespace zoetrope::support {
namespace {

// i * 7 % 251: no two neighbouring blocks are alike.
std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 % 251);
  return text;
}

template <typename Digest>
std::string digest_of(std::string_view text) {
  Digest digest;
  digest.update(text);
  return digest.hex();
}

// In pieces of 0, 1, 2, ... bytes.
template <typename Digest>
std::string digest_in_pieces(std::string_view text) {
  Digest digest;
  for (std::size_t size = 0; !text.empty(); ++size) {
    const std::string_view piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    if (size % 2 == 0) {
      digest.update(piece);
    } else {
      digest.update(std::as_bytes(std::span(piece)));
    }
  }
  return digest.hex();
}

TEST(Sha256, IsThatOfSha256sum) {
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_of<Sha256>("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of<Sha256>(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(digest_of<Sha256>(sample(100'000)),
            "96ad0ddabe9c733d4550fde750255a94806811029be67504bd9bd68e556686b9");
}

TEST(Sha256, InPiecesIsTheSame) {
  EXPECT_EQ(digest_in_pieces<Sha256>(sample(100'000)), digest_of<Sha256>(sample(100'000)));
}

TEST(Sha256, OfBytesAtOnceIsTheSame) {
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(std::string_view("abc")))), digest_of<Sha256>("abc"));
  EXPECT_EQ(sha256_hex({}), Sha256().hex());
}

// XXH3 computes in another way for each of these ranges of sizes.
const std::map<std::size_t, std::string> kXxh3 = {
    {0, "99aa06d3014798d86001c324468d497f"},      {1, "a6cd5e9392000f6ac44bdff4074eecdb"},
    {3, "656e81c56e41fe02c3489259e968ad9e"},      {8, "e4b9dd0b66ff3c50ebabbd0695002ff6"},
    {16, "ddf6c1254d70f76794eaa17b20756f46"},     {17, "263f67af63088041735fe434ded90c3c"},
    {128, "381610c474b8adfb2dfb73305de1f91a"},    {129, "4e05eed4427255d51f8b5092c9ba3be8"},
    {240, "17ffe035d71c1ec8e6bf81617aad6c4a"},    {241, "29bc1e9cffb6d79bc614c8c3575348c1"},
    {1024, "07fe8eadab1cf098f22ef3dc84ff47ea"},   {1025, "c89d767cdacc7c7643f869a83769a435"},
    {100000, "70227b16fd5f74ef17a701075a95b432"},
};

TEST(Xxh3, IsThatOfXxhash) {
  EXPECT_EQ(digest_of<Xxh3>("abc"), "06b05ab6733a618578af5f94892f3950");
  for (const auto& [size, digest] : kXxh3) EXPECT_EQ(digest_of<Xxh3>(sample(size)), digest) << size;
}

TEST(Xxh3, InPiecesIsTheSame) {
  for (const auto& [size, digest] : kXxh3) EXPECT_EQ(digest_in_pieces<Xxh3>(sample(size)), digest) << size;
}

TEST(Xxh3, GoesOnOnceItWasRead) {
  Xxh3 digest;
  digest.update("a");
  EXPECT_EQ(digest.hex(), "a96faf705af16834e6c632b61e964e1f");
  EXPECT_EQ(digest.hex(), "a96faf705af16834e6c632b61e964e1f");
  digest.update("bc");
  EXPECT_EQ(digest.hex(), digest_of<Xxh3>("abc"));
}

// A rank that reads gigabytes to check them is not stuck.
TEST(Digests, SayThatSomethingIsDone) {
  const std::int64_t before = progress_marks();
  digest_of<Sha256>("abc");
  digest_of<Xxh3>("abc");
  EXPECT_EQ(progress_marks(), before + 2);
}

}  // namespace
}  // namespace zoetrope::support
