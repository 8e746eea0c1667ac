// SPDX-License-Identifier: Apache-2.0
#include "safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

namespace {

using support::Json;

// A header takes about 150 bytes a tensor, and a parsed one twenty times its size in memory. Hugging Face's
// own reader stops at 100 MB.
constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{16} << 20;
constexpr std::size_t kMaxDimensions = 8;

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 15> kItemBytes = {{{"F64", 8},
                                                                                    {"F32", 4},
                                                                                    {"F16", 2},
                                                                                    {"BF16", 2},
                                                                                    {"F8_E4M3", 1},
                                                                                    {"F8_E5M2", 1},
                                                                                    {"U64", 8},
                                                                                    {"U32", 4},
                                                                                    {"U16", 2},
                                                                                    {"I64", 8},
                                                                                    {"I32", 4},
                                                                                    {"I16", 2},
                                                                                    {"I8", 1},
                                                                                    {"U8", 1},
                                                                                    {"BOOL", 1}}};

[[noreturn]] void fail(const std::string& origin, const std::string& what) {
  throw InputError(origin + ": " + what + "; the file is damaged or not a safetensors file: copy it again");
}

std::uint64_t header_size(const std::string& origin, std::span<const std::byte> file) {
  if (file.size() < kLengthBytes)
    fail(origin, "has " + std::to_string(file.size()) + " bytes, fewer than the 8 of a header's length");
  std::uint64_t size = 0;
  std::memcpy(&size, file.data(), kLengthBytes);
  if (size > file.size() - kLengthBytes)
    fail(origin, "byte 0: the header's length " + std::to_string(size) + " does not fit in the file's " +
                     std::to_string(file.size()) + " bytes");
  if (size > kMaxHeaderBytes)
    fail(origin, "byte 0: the header has " + std::to_string(size) + " bytes, more than the " +
                     std::to_string(kMaxHeaderBytes) + " of any model");
  return size;
}

// A list of whole numbers that fit in 63 bits; a negative or fractional number is refused.
std::vector<std::uint64_t> integers(const Json& value, const std::string& origin, const std::string& where) {
  if (!value.is_array()) fail(origin, where + " is not a list");
  std::vector<std::uint64_t> numbers;
  for (const Json& item : value) {
    if (!item.is_number_unsigned())
      fail(origin, where + " holds " + item.dump() + " instead of a whole number");
    numbers.push_back(item.get<std::uint64_t>());
  }
  return numbers;
}

// The bytes of a tensor of this shape, checked against overflow.
std::optional<std::uint64_t> byte_size(const std::vector<std::uint64_t>& shape, std::uint64_t item_size) {
  std::uint64_t bytes = item_size;
  for (const std::uint64_t extent : shape) {
    if (extent > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return bytes;
}

std::uint64_t item_bytes(const Json& dtype, const std::string& origin, const std::string& where) {
  if (!dtype.is_string()) fail(origin, where + ": dtype is not a text");
  for (const auto& [name, bytes] : kItemBytes)
    if (dtype.get_ref<const std::string&>() == name) return bytes;
  throw InputError(origin + ": " + where + " is of dtype " + dtype.dump() +
                   ", which is not read here; save the model again in float32, float16 or bfloat16");
}

SafetensorsHeader::Entry parse_entry(const std::string& name, const Json& value, const std::string& origin,
                                     std::size_t data_begin, std::size_t data_size) {
  const std::string where = "tensor \"" + name + "\"";
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets"))
    fail(origin, where + " lacks dtype, shape or data_offsets");
  const std::uint64_t item_size = item_bytes(value["dtype"], origin, where);
  const auto shape = integers(value["shape"], origin, where + ": shape");
  const auto offsets = integers(value["data_offsets"], origin, where + ": data_offsets");
  if (shape.size() > kMaxDimensions)
    fail(origin, where + " has " + std::to_string(shape.size()) + " dimensions");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size)
    fail(origin, where + ": data_offsets " + value["data_offsets"].dump() + " lie outside the file's " +
                     std::to_string(data_size) + " bytes of data");
  if (byte_size(shape, item_size) != offsets[1] - offsets[0])
    fail(origin, where + ": shape " + value["shape"].dump() + " does not match its " +
                     std::to_string(offsets[1] - offsets[0]) + " bytes");
  return {value["dtype"].get<std::string>(),
          {shape.begin(), shape.end()},
          data_begin + offsets[0],
          data_begin + offsets[1]};
}

void check_layout(const SafetensorsHeader& header, const std::string& origin, std::size_t data_begin,
                  std::size_t file_size) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (const auto& [name, entry] : header.entries) ranges.emplace_back(entry.begin, entry.end);
  std::sort(ranges.begin(), ranges.end());
  std::size_t at = data_begin;
  for (const auto& [begin, end] : ranges) {
    if (begin != at) fail(origin, "byte " + std::to_string(at) + ": tensors overlap or leave a gap");
    at = end;
  }
  if (at != file_size)
    fail(origin, "byte " + std::to_string(at) + ": data that belongs to no tensor follows");
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file, const std::string& origin) {
  const std::uint64_t size = header_size(origin, file);
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, size);
  const Json json = support::parse_json(text, origin + ": header");
  if (!json.is_object()) fail(origin, "byte 8: the header is not a JSON object");

  SafetensorsHeader header;
  header.data_begin = kLengthBytes + size;
  for (const auto& [name, value] : json.items()) {
    if (name != "__metadata__") {
      header.entries[name] =
          parse_entry(name, value, origin, header.data_begin, file.size() - header.data_begin);
      continue;
    }
    if (!value.is_object()) fail(origin, "__metadata__ is not an object");
    for (const auto& [key, text_value] : value.items())
      if (text_value.is_string()) header.metadata[key] = text_value.get<std::string>();
  }
  check_layout(header, origin, header.data_begin, file.size());
  return header;
}

}  // namespace zoetrope::store
