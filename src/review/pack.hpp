// SPDX-License-Identifier: Apache-2.0
// Numbers and bytes as the page's decode.js unpacks them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace zoetrope::review {

std::string gzip(std::string_view bytes);
std::string base64(std::string_view bytes);  // less than 1 GiB
// Each 13 bits, the lowest first, as two printable characters, at the end up to 6 as one: a byte takes 1.23
// characters, with base64 1.33. None of the 91 characters ends a script element, or is written otherwise in
// JSON.
std::string printable(std::string_view bytes);

// The interval that quantised numbers lie in, and by how many bits they are told apart, 16 at most.
struct Quantisation {
  double low = 0;
  double high = 1;
  int bits = 16;

  std::int64_t levels() const { return (std::int64_t{1} << bits) - 2; }
};

// 0 is `low`, levels() is `high`, 65535 is no number.
std::vector<std::uint16_t> quantise(std::span<const double> values, Quantisation quantisation);

// Arrays one after another, each as planes of bytes (all lowest bytes, then the next), of which each is
// packed for itself, as is best for it: with the matches of DEFLATE, or where bytes are mostly noise without
// them.
class ArrayPacker {
 public:
  // 16 bits for each value, as quantise() makes them.
  // `frame_size` > 0: from the second group of so many values on, differences to the group before, which are
  // small, since points move little from one checkpoint to the next.
  void add_quantised(const std::string& name, std::span<const double> values, Quantisation quantisation,
                     std::size_t frame_size);
  // 16 bits each; a value outside of 0 to 65535 is stored as 65535.
  void add_small(const std::string& name, std::span<const std::int64_t> values, std::size_t frame_size = 0);
  // 32 bits each.
  void add_integers(const std::string& name, std::span<const std::int64_t> values);

  const nlohmann::json& directory() const { return directory_; }
  const std::string& bytes() const { return bytes_; }
  std::string gzip() const;

 private:
  template <typename Integer>
  void add(const std::string& name, const std::vector<Integer>& values, std::size_t frame_size,
           std::int64_t levels = 0);

  nlohmann::json directory_ = nlohmann::json::array();
  std::string bytes_;
  std::vector<std::size_t> plane_ends_;
};

}  // namespace zoetrope::review
