// SPDX-License-Identifier: Apache-2.0
// The input is an .npy file, or, where it begins as a zip file, an .npz.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "zoetrope/support/error.hpp"

#include "../../src/data/step_readers.hpp"
#include "scratch_folder.hpp"

namespace {

void read_all(const zoetrope::data::StepArrays& arrays) {
  for (const auto& [step, array] : arrays.steps()) {
    const auto values = arrays.read(step);
    if (values.size() != static_cast<std::size_t>(array.rows * array.columns)) std::abort();
    for (const float value : values)
      if (!std::isfinite(value)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  const bool is_zip = std::string_view(reinterpret_cast<const char*>(data), size).starts_with("PK");
  const char* name = is_zip ? "arrays.npz" : "step_1.npy";
  folder.write(name, {data, size});
  try {
    read_all(is_zip ? *data::open_npz_file(folder.path() / name, "embeddings")
                    : *data::open_npy_folder(folder.path(), "embeddings"));
  } catch (const InputError&) {
  }
  return 0;
}
