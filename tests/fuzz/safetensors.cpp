// SPDX-License-Identifier: Apache-2.0
// The input is a whole safetensors file.
#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "../../src/store/safetensors_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  try {
    std::size_t bytes = 0;
    const store::SafetensorsHeader header = store::parse_safetensors_header(file, "fuzz");
    for (const auto& [name, entry] : header.entries) {
      if (entry.begin > entry.end || entry.end > size) std::abort();
      bytes += entry.end - entry.begin;
    }
    if (bytes > size) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
