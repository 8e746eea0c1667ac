// SPDX-License-Identifier: Apache-2.0
// The input is a byte that picks CIFAR-10 or CIFAR-100, one with the size of the class names, the class
// names, and records.
#include "zoetrope/support/error.hpp"

#include "../../src/data/readers.hpp"
#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  if (size < 2) return 0;
  const std::span<const std::uint8_t> input(data + 2, size - 2);
  const std::size_t name_bytes = std::min<std::size_t>(data[1], input.size());
  const bool hundred = data[0] % 2 == 1;
  folder.write(hundred ? "fine_label_names.txt" : "batches.meta.txt", input.first(name_bytes));
  folder.write(hundred ? "test.bin" : "test_batch.bin", input.subspan(name_bytes));
  try {
    const auto dataset = hundred ? data::open_cifar100(folder.path(), data::Split::kTest, {})
                                 : data::open_cifar10(folder.path(), data::Split::kTest, {});
    for (std::int64_t i = 0; i < dataset->size(); ++i) dataset->image(i);
  } catch (const InputError&) {
  }
  return 0;
}
