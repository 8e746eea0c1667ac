// SPDX-License-Identifier: Apache-2.0
// The input is a model.safetensors.index.json.
#include "../../src/model/weight_index.hpp"

#include <cstdlib>

#include "zoetrope/support/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& [tensor, file] : model::parse_weight_index(support::parse_json(text, "fuzz"), "fuzz"))
      if (file.find('/') != std::string::npos) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
