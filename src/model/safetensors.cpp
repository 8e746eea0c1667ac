// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/safetensors.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <ATen/ATen.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/progress_marks.hpp"

#include "safetensors_header.hpp"

namespace zoetrope::model {

namespace {

constexpr std::size_t kLengthBytes = 8;

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 10> kTypes = {{{"F64", at::kDouble},
                                                                                 {"F32", at::kFloat},
                                                                                 {"F16", at::kHalf},
                                                                                 {"BF16", at::kBFloat16},
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

// Unmaps the whole pages within `bytes` of a file's mapping; they are read again when touched again.
void drop_pages(std::span<const std::byte> bytes) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size()) / page * page;
  // A neighbour's part of the first page is clean file data: dropping it loses nothing.
  if (end > begin) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  SafetensorsHeader header = parse_safetensors_header(file_.bytes(), path.string());
  metadata_ = std::move(header.metadata);
  for (auto& [name, entry] : header.entries)
    entries_[name] = Entry{type_of(entry.dtype), std::move(entry.shape), entry.begin, entry.end};
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

void SafetensorsFile::copy_to(const std::string& name, const at::Tensor& destination) const {
  const Entry& found = entry(name);
  destination.copy_(view(name));
  drop_pages(file_.bytes().subspan(found.begin, found.end - found.begin));
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
  // Aligns the data, as the format asks.
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');

  support::AtomicPath atomic(path);
  std::ofstream file(atomic.temporary(), std::ios::binary);
  const std::uint64_t length = text.size();
  file.write(reinterpret_cast<const char*>(&length), kLengthBytes);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor contiguous = tensor.detach().to(at::kCPU).contiguous();
    support::mark_progress();
    file.write(static_cast<const char*>(contiguous.const_data_ptr()),
               static_cast<std::streamsize>(contiguous.nbytes()));
  }
  file.close();
  if (!file) throw RunError(path.string() + ": cannot be written (is the disk full?)");
  atomic.commit();
}

}  // namespace zoetrope::model
