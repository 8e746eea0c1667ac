// SPDX-License-Identifier: Apache-2.0
// The input is two files, one after the other: a byte with the size of the labels, the labels, the images.
#include "zoetrope/support/error.hpp"

#include "../../src/data/readers.hpp"
#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  if (size == 0) return 0;
  const std::span<const std::uint8_t> input(data + 1, size - 1);
  const std::size_t label_bytes = std::min<std::size_t>(data[0], input.size());
  folder.write("train-labels-idx1-ubyte", input.first(label_bytes));
  folder.write("train-images-idx3-ubyte", input.subspan(label_bytes));
  try {
    const auto dataset = data::open_idx(folder.path(), data::Split::kTrain, {});
    for (std::int64_t i = 0; i < std::min<std::int64_t>(dataset->size(), 4); ++i) dataset->image(i);
  } catch (const InputError&) {
  }
  return 0;
}
