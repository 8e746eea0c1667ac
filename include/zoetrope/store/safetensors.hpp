// SPDX-License-Identifier: Apache-2.0
// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes. No pickle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/support/files.hpp"

namespace zoetrope::store {

// An ordered list: the order of writing is the order on disk.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// A mapped file. Every field of the header is checked against the file's size before it is used; InputError
// names the file, the tensor and what is wrong with it.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  std::vector<std::string> names() const;  // sorted
  bool has(const std::string& name) const { return entries_.contains(name); }
  std::vector<std::int64_t> shape(const std::string& name) const;
  at::ScalarType dtype(const std::string& name) const;
  // A view into the mapping: valid while this object lives, must not be written to. It may be unaligned for
  // vector code; copy it before computing with it.
  at::Tensor view(const std::string& name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& metadata_value(const std::string& key) const;  // InputError where it is missing
  // Of all the file holds, as write_safetensors has put it into the metadata; none in a file of others.
  std::optional<std::string> digest() const;
  // Reads the values once, from the file's first to its last, and converts each tensor that `destinations`
  // names into the one there: of the same shape, contiguous, on the CPU. A model being read is never in
  // memory twice. Returns the digest of what was read; InputError where the file has another of its own,
  // since a bit of it has changed then.
  std::string read(const std::map<std::string, at::Tensor>& destinations) const;
  // As read(), for the digest's sake alone. A file without one, such as transformers writes, passes unread.
  void verify() const;
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  struct Entry {
    at::ScalarType dtype;
    std::vector<std::int64_t> shape;
    std::size_t begin, end;  // bytes, from the start of the file
  };
  const Entry& entry(const std::string& name) const;
  void require_shapes(const std::map<std::string, at::Tensor>& destinations) const;

  support::MappedFile file_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

// Writes atomically, with a digest of all the file holds in its metadata, and returns the digest. Tensors are
// copied to the CPU where needed, one at a time.
std::string write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata);

// The digest that the file would have.
std::string digest_of(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata);

}  // namespace zoetrope::store
