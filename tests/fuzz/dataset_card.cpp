// SPDX-License-Identifier: Apache-2.0
// The input is a data set's README.md.
#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "../../src/data/card_features.hpp"
#include "../../src/data/glob.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const data::CardConfig& config : data::card_configs(data::readme_value(text, "configs", "fuzz"))) {
      for (const auto& [split, patterns] : config.data_files)
        for (const std::string& pattern : patterns)
          data::Glob(pattern).matches("data/.x/__y/train-00000.parquet");
    }
    data::features_of_info(data::readme_value(text, "dataset_info", "fuzz"), "");
  } catch (const InputError&) {
  }
  return 0;
}
