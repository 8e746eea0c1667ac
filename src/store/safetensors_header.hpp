// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file, without tensors: what a hostile file can reach first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace zoetrope::store {

constexpr std::size_t kLengthBytes = 8;  // of the header's own length, before it

struct SafetensorsHeader {
  struct Entry {
    std::string dtype;  // one of the format's names: "F32", "BF16", ...
    std::vector<std::int64_t> shape;
    std::size_t begin = 0, end = 0;  // bytes, from the start of the file
  };
  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> metadata;
  std::size_t data_begin = 0;  // of the tensors, in bytes from the start of the file
};

// `file` is the whole file. Every field is checked against its size before it is used, and the tensors must
// follow one another without gap or overlap, as Hugging Face's reader demands. InputError names `origin`, the
// tensor and what is wrong with it.
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file, const std::string& origin);

}  // namespace zoetrope::store
