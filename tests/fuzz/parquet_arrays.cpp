// SPDX-License-Identifier: Apache-2.0
// The input is a Parquet file with columns of lists.
#include <cmath>
#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "../../src/data/step_readers.hpp"
#include "scratch_folder.hpp"

// malloc's memory instead of Arrow's own allocator's, so that AddressSanitizer knows its ends.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 1);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  folder.write("arrays.parquet", {data, size});
  try {
    const auto arrays = data::open_parquet_arrays(folder.path() / "arrays.parquet", "embeddings");
    for (const auto& [step, array] : arrays->steps())
      for (const float value : arrays->read(step))
        if (!std::isfinite(value)) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
