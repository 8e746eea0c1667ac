// SPDX-License-Identifier: Apache-2.0
// The input is a preprocessor_config.json.
#include <cstdlib>

#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/support/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = preprocess::PreprocessorConfig::from_json(support::parse_json(text, "fuzz"), "fuzz");
    if (preprocess::PreprocessorConfig::from_json(config.to_json(), "fuzz").to_json() != config.to_json())
      std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
