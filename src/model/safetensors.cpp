// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include <ATen/ATen.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::model {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

namespace {

using support::Json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of Hugging Face's own reader
constexpr std::size_t kMaxDimensions = 8;

constexpr std::array<std::pair<const char*, at::ScalarType>, 10> kTypes = {{{"F64", at::kDouble},
                                                                            {"F32", at::kFloat},
                                                                            {"F16", at::kHalf},
                                                                            {"BF16", at::kBFloat16},
                                                                            {"I64", at::kLong},
                                                                            {"I32", at::kInt},
                                                                            {"I16", at::kShort},
                                                                            {"I8", at::kChar},
                                                                            {"U8", at::kByte},
                                                                            {"BOOL", at::kBool}}};

std::optional<at::ScalarType> type_of(const std::string& name) {
  for (const auto& [known, type] : kTypes)
    if (name == known) return type;
  return std::nullopt;
}

std::string name_of(at::ScalarType type) {
  for (const auto& [name, known] : kTypes)
    if (type == known) return name;
  throw std::invalid_argument(std::string("safetensors cannot hold ") + c10::toString(type));
}

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw InputError(path.string() + ": " + what +
                   "; the file is damaged or not a safetensors file: copy it again");
}

std::uint64_t header_size(const std::filesystem::path& path, std::span<const std::byte> file) {
  if (file.size() < kLengthBytes)
    fail(path, "has " + std::to_string(file.size()) + " bytes, fewer than the 8 of a header's length");
  std::uint64_t size = 0;
  std::memcpy(&size, file.data(), kLengthBytes);
  if (size > kMaxHeaderBytes || size > file.size() - kLengthBytes)
    fail(path, "byte 0: the header's length " + std::to_string(size) + " does not fit in the file's " +
                   std::to_string(file.size()) + " bytes");
  return size;
}

// Non-negative JSON integers only; a negative or fractional number is refused.
std::vector<std::uint64_t> integers(const Json& value, const std::filesystem::path& path,
                                    const std::string& where) {
  if (!value.is_array()) fail(path, where + " is not a list");
  std::vector<std::uint64_t> numbers;
  for (const Json& item : value) {
    if (!item.is_number_unsigned())
      fail(path, where + " holds " + item.dump() + " instead of a whole number");
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

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  const auto bytes = file_.bytes();
  const std::uint64_t header_bytes = header_size(path, bytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes);
  const Json header = support::parse_json(text, path.string() + ": header");
  if (!header.is_object()) fail(path, "byte 8: the header is not a JSON object");

  const std::size_t data_begin = kLengthBytes + header_bytes;
  const std::size_t data_size = bytes.size() - data_begin;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) fail(path, "__metadata__ is not an object");
      for (const auto& [key, text_value] : value.items())
        if (text_value.is_string()) metadata_[key] = text_value.get<std::string>();
      continue;
    }
    const std::string where = "tensor \"" + name + "\"";
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      fail(path, where + " lacks dtype, shape or data_offsets");
    if (!value["dtype"].is_string()) fail(path, where + ": dtype is not a text");
    const auto type = type_of(value["dtype"].get<std::string>());
    if (!type) fail(path, where + " is of dtype " + value["dtype"].dump() + ", which is not read here");
    const auto shape = integers(value["shape"], path, where + ": shape");
    const auto offsets = integers(value["data_offsets"], path, where + ": data_offsets");
    if (shape.size() > kMaxDimensions)
      fail(path, where + " has " + std::to_string(shape.size()) + " dimensions");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size)
      fail(path, where + ": data_offsets " + value["data_offsets"].dump() + " lie outside the file's " +
                     std::to_string(data_size) + " bytes of data");
    if (byte_size(shape, c10::elementSize(*type)) != offsets[1] - offsets[0])
      fail(path, where + ": shape " + value["shape"].dump() + " does not match its " +
                     std::to_string(offsets[1] - offsets[0]) + " bytes");
    entries_[name] =
        Entry{*type, {shape.begin(), shape.end()}, data_begin + offsets[0], data_begin + offsets[1]};
  }
  check_layout(data_begin);
}

void SafetensorsFile::check_layout(std::size_t data_begin) const {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (const auto& [name, entry] : entries_) ranges.emplace_back(entry.begin, entry.end);
  std::sort(ranges.begin(), ranges.end());
  std::size_t at = data_begin;
  for (const auto& [begin, end] : ranges) {
    if (begin != at) fail(path_, "byte " + std::to_string(at) + ": tensors overlap or leave a gap");
    at = end;
  }
  if (at != file_.bytes().size())
    fail(path_, "byte " + std::to_string(at) + ": data that belongs to no tensor follows");
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

const SafetensorsFile::Entry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw InputError(path_.string() + ": tensor \"" + name + "\" is missing");
  return found->second;
}

std::vector<std::int64_t> SafetensorsFile::shape(const std::string& name) const {
  return entry(name).shape;
}

at::ScalarType SafetensorsFile::dtype(const std::string& name) const {
  return entry(name).dtype;
}

at::Tensor SafetensorsFile::view(const std::string& name) const {
  const Entry& found = entry(name);
  // from_blob wants a mutable pointer; the mapping is read-only and the contract says not to write.
  auto* data = const_cast<std::byte*>(file_.bytes().data() + found.begin);
  return at::from_blob(data, found.shape, at::TensorOptions().dtype(found.dtype));
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t end = offset + tensor.nbytes();
    header[name] = {{"dtype", name_of(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes,
              ' ');  // aligns the data, as the format asks

  support::AtomicPath atomic(path);
  std::ofstream file(atomic.temporary(), std::ios::binary);
  const std::uint64_t length = text.size();
  file.write(reinterpret_cast<const char*>(&length), kLengthBytes);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor contiguous = tensor.detach().to(at::kCPU).contiguous();
    file.write(static_cast<const char*>(contiguous.const_data_ptr()),
               static_cast<std::streamsize>(contiguous.nbytes()));
  }
  file.close();
  if (!file) throw RunError(path.string() + ": cannot be written (is the disk full?)");
  atomic.commit();
}

}  // namespace zoetrope::model
