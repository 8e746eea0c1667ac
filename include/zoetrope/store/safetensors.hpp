// SPDX-License-Identifier: Apache-2.0
// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes. No pickle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
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
  // Converts the tensor into `destination` (a CPU tensor of the same shape), and gives the mapping's pages
  // back at once: a model being read is never in memory twice.
  void copy_to(const std::string& name, const at::Tensor& destination) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Reads the whole file. InputError where it does not hold what write_safetensors wrote: a bit of it has
  // changed since. A file without our digest, such as transformers writes, passes.
  void verify() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Entry {
    at::ScalarType dtype;
    std::vector<std::int64_t> shape;
    std::size_t begin, end;  // bytes, from the start of the file
  };
  const Entry& entry(const std::string& name) const;

  std::filesystem::path path_;
  support::MappedFile file_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
  std::size_t data_begin_ = 0;  // byte of the file
  std::string description_;     // of the header, where the file has our digest
};

// Writes atomically, with a digest of all the file holds in its metadata. Tensors are copied to the CPU where
// needed, one at a time.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace zoetrope::store
