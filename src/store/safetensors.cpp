// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/safetensors.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <string_view>

#include <ATen/ATen.h>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/new_file.hpp"
#include "zoetrope/support/trace.hpp"

#include "bits.hpp"
#include "safetensors_header.hpp"

namespace zoetrope::store {

namespace {

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 15> kTypes = {
    {{"F64", at::kDouble},
     {"F32", at::kFloat},
     {"F16", at::kHalf},
     {"BF16", at::kBFloat16},
     {"F8_E4M3", at::kFloat8_e4m3fn},
     {"F8_E5M2", at::kFloat8_e5m2},
     {"U64", at::kUInt64},
     {"U32", at::kUInt32},
     {"U16", at::kUInt16},
     {"I64", at::kLong},
     {"I32", at::kInt},
     {"I16", at::kShort},
     {"I8", at::kChar},
     {"U8", at::kByte},
     {"BOOL", at::kBool}}};

at::ScalarType type_of(std::string_view name) {
  for (const auto& [known, type] : kTypes)
    if (name == known) return type;
  throw std::logic_error("the header's reader let dtype " + std::string(name) + " through");
}

std::string name_of(at::ScalarType type) {
  for (const auto& [name, known] : kTypes)
    if (type == known) return std::string(name);
  throw std::invalid_argument(std::string("safetensors cannot hold ") + c10::toString(type));
}

// The metadata's key of the file's digest, which is over describe() and the tensors' bytes.
constexpr const char* kDigest = "zoetrope_digest";
constexpr std::string_view kDigestKind = "xxh3-128:";
constexpr std::size_t kDigestCharacters = 32;

// A file that has lost its digest's name is none of others, which never had one.
void require_digest_name(const std::map<std::string, std::string>& metadata, const std::string& path) {
  for (const auto& [key, value] : metadata)
    if (differing_bits(key, kDigest) == 1)
      throw InputError(path + ": is damaged: its metadata hold \"" + key + "\" instead of \"" + kDigest +
                       "\"; restore it from a copy");
}

// All that the header says, but for the digest itself and where the first tensor begins.
std::string describe(const SafetensorsHeader& header) {
  auto metadata = header.metadata;
  metadata.erase(kDigest);
  support::Json json = {metadata};
  for (const auto& [name, entry] : header.entries)
    json.push_back({name, entry.dtype, entry.shape, entry.begin - header.data_begin});
  return json.dump();
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  SafetensorsHeader header = parse_safetensors_header(file_.bytes(), path.string());
  metadata_ = std::move(header.metadata);
  require_digest_name(metadata_, path.string());
  for (auto& [name, entry] : header.entries)
    entries_[name] = Entry{type_of(entry.dtype), std::move(entry.shape), entry.begin, entry.end};
}

const std::string& SafetensorsFile::metadata_value(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) throw InputError(path().string() + ": metadata \"" + key + "\" is missing");
  return found->second;
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

const SafetensorsFile::Entry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw InputError(path().string() + ": tensor \"" + name + "\" is missing");
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

std::optional<std::string> SafetensorsFile::digest() const {
  const auto stored = metadata_.find(kDigest);
  if (stored == metadata_.end()) return std::nullopt;
  return stored->second;
}

namespace {

// Reads the bytes [begin, end) of a tensor of `type`, a piece at a time, and converts them into `destination`
// where that is defined.
void read_tensor(const support::MappedFile& file, std::size_t begin, std::size_t end, at::ScalarType type,
                 const at::Tensor& destination, support::Xxh3& digest) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;  // is still in the core's cache for the digest
  const std::size_t item = c10::elementSize(type);
  const at::Tensor flat = destination.defined() ? destination.view(-1) : at::Tensor();
  const bool is_same = flat.defined() && flat.scalar_type() == type;
  std::vector<std::byte> converted(is_same ? 0 : std::min(kPiece, end - begin));
  for (std::size_t at = begin; at < end; at += kPiece) {
    const std::size_t size = std::min(kPiece, end - at);
    const auto count = static_cast<std::int64_t>(size / item);
    const at::Tensor part =
        flat.defined() ? flat.narrow(0, static_cast<std::int64_t>((at - begin) / item), count) : flat;
    auto* const bytes = is_same ? static_cast<std::byte*>(part.mutable_data_ptr()) : converted.data();
    file.read(at, {bytes, size});
    digest.update(std::span<const std::byte>(bytes, size));
    if (part.defined() && !is_same)
      part.copy_(at::from_blob(bytes, {count}, at::TensorOptions().dtype(type)));
  }
}

}  // namespace

void SafetensorsFile::require_shapes(const std::map<std::string, at::Tensor>& destinations) const {
  for (const auto& [name, destination] : destinations)
    if (const at::IntArrayRef stored = entry(name).shape; stored != destination.sizes())
      throw InputError(path().string() + ": tensor \"" + name + "\" has shape " + c10::str(stored) +
                       ", where " + c10::str(destination.sizes()) + " is asked for");
}

std::string SafetensorsFile::read(const std::map<std::string, at::Tensor>& destinations) const {
  const trace::Span span("reading", path());
  require_shapes(destinations);
  std::vector<std::pair<Entry, at::Tensor>> in_order;
  for (const auto& [name, entry] : entries_) {
    const auto found = destinations.find(name);
    in_order.emplace_back(entry, found == destinations.end() ? at::Tensor() : found->second);
  }
  std::sort(in_order.begin(), in_order.end(),
            [](const auto& a, const auto& b) { return a.first.begin < b.first.begin; });
  support::Xxh3 hash;
  hash.update(describe(parse_safetensors_header(file_.bytes(), path().string())));
  for (const auto& [entry, destination] : in_order)
    read_tensor(file_, entry.begin, entry.end, entry.dtype, destination, hash);
  std::string read = std::string(kDigestKind) + hash.hex();
  if (digest().value_or(read) != read)
    throw InputError(path().string() +
                     ": is damaged: its bytes are no longer those that its digest was made of; restore it "
                     "from a copy");
  return read;
}

void SafetensorsFile::verify() const {
  if (digest()) read({});
}

namespace {

// The header of a file with these tensors one after another; its data begin at 0.
SafetensorsHeader header_of(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  SafetensorsHeader header;
  header.metadata = metadata;
  std::size_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t end = offset + tensor.nbytes();
    header.entries[name] = {name_of(tensor.scalar_type()), tensor.sizes().vec(), offset, end};
    offset = end;
  }
  return header;
}

// The header's text, in the order of the tensors, and padded so that the data are aligned as the format asks.
std::string text_of(const SafetensorsHeader& header, const NamedTensors& tensors) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["__metadata__"] = header.metadata;
  for (const auto& [name, tensor] : tensors) {
    const auto& entry = header.entries.at(name);
    json[name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = json.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  return text;
}

}  // namespace

namespace {

// Calls `use` with the bytes of each tensor, one after the other: those on a device come to the host one at a
// time.
template <typename Use>
void for_each_bytes(const NamedTensors& tensors, const Use& use) {
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor contiguous = tensor.detach().to(at::kCPU).contiguous();
    use(std::span(static_cast<const std::byte*>(contiguous.const_data_ptr()), contiguous.nbytes()));
  }
}

}  // namespace

std::string write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata) {
  const trace::Span span("writing", path);
  SafetensorsHeader header = header_of(tensors, metadata);
  support::Xxh3 digest;
  digest.update(describe(header));
  const std::string unknown = std::string(kDigestKind) + std::string(kDigestCharacters, '0');
  header.metadata[kDigest] = unknown;
  const std::string text = text_of(header, tensors);

  support::AtomicPath atomic(path);
  support::NewFile file(atomic.temporary(), path);
  const std::uint64_t length = text.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for_each_bytes(tensors, [&](std::span<const std::byte> bytes) {
    digest.update(bytes);
    file.write(bytes);
  });
  // Known only now, so that a tensor on a device is fetched once.
  const std::string hex = digest.hex();
  file.write_at(kLengthBytes + text.find(unknown) + kDigestKind.size(), hex);
  file.close();
  atomic.commit();
  return std::string(kDigestKind) + hex;
}

std::string digest_of(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  support::Xxh3 digest;
  digest.update(describe(header_of(tensors, metadata)));
  for_each_bytes(tensors, [&](std::span<const std::byte> bytes) { digest.update(bytes); });
  return std::string(kDigestKind) + digest.hex();
}

}  // namespace zoetrope::store
