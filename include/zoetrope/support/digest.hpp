// SPDX-License-Identifier: Apache-2.0
// Digests as lower-case hexadecimal. SHA-256 tells whether what was computed earlier belongs to this model
// and data; XXH3, which is as fast as memory, whether a file still holds what was written to it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace zoetrope::support {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  // The digest of all that was given, 64 characters. The object is spent afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The 128-bit XXH3 of libxxhash. No protection against somebody who wants two texts to have the same digest.
class Xxh3 {
 public:
  Xxh3();
  ~Xxh3();
  Xxh3(const Xxh3&) = delete;
  Xxh3& operator=(const Xxh3&) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  std::string hex() const;  // 32 characters

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace zoetrope::support
