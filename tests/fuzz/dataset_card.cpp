// SPDX-License-Identifier: Apache-2.0
// The input is a data set's README.md.
#include "../../src/data/dataset_card.hpp"

#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "../../src/data/glob.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  try {
    for (const data::CardConfig& config :
         data::card_configs({reinterpret_cast<const char*>(data), size}, "fuzz")) {
      for (const auto& [split, patterns] : config.data_files)
        for (const std::string& pattern : patterns)
          data::Glob(pattern).matches("data/.x/__y/train-00000.parquet");
    }
  } catch (const InputError&) {
  }
  return 0;
}
