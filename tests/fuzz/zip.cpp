// SPDX-License-Identifier: Apache-2.0
// The input is a zip file of images.
#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "../../src/data/image_endings.hpp"
#include "../../src/data/zip_file.hpp"
#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  folder.write("train.zip", {data, size});
  try {
    const auto names = data::names_in_zip(folder.path() / "train.zip");
    const data::ZipFile zip(folder.path() / "train.zip");
    for (const std::string& name : names) {
      if (name.empty() || name.starts_with('/') || name.starts_with('.')) std::abort();
      if (data::announces_image(name) && zip.bytes_of(name).size() > (std::size_t{16} << 20) + 100 * size)
        std::abort();
    }
  } catch (const InputError&) {
  }
  return 0;
}
