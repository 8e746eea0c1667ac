// SPDX-License-Identifier: Apache-2.0
// The input is the state.json of a data set that save_to_disk() wrote.
#include "../../src/data/saved_dataset.hpp"

#include <cstdlib>
#include <string>

#include "zoetrope/support/error.hpp"

#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  folder.write("dataset_info.json", {});
  folder.write("state.json", {data, size});
  try {
    const auto splits = data::saved_splits(folder.path());
    for (const std::string& file : splits.value().at(0).files)
      if (file.find('/') != std::string::npos) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
