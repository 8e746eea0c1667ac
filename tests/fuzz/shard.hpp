// SPDX-License-Identifier: Apache-2.0
// A fuzz target whose input is the one shard of a training split. Arrow itself, out of pyarrow's wheel, is
// not instrumented: what it does wrong shows when it crashes, takes too much, or hands wrong places in memory
// to our code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "../../src/data/readers.hpp"
#include "scratch_folder.hpp"

// malloc's memory instead of Arrow's own allocator's, so that AddressSanitizer knows its ends; and no
// warnings.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  zoetrope::support::set_up_logging("off", 0, 1, "");
  return ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 1);
}

namespace zoetrope::fuzz {

inline int read_as_shard(const std::string& name, std::span<const std::uint8_t> bytes,
                         decltype(&data::open_parquet) open = data::open_parquet) {
  static const ScratchFolder folder;
  static const std::string names = "a\nb\nc\n";  // for columns that are no ClassLabel
  folder.write("class_names.txt", {reinterpret_cast<const std::uint8_t*>(names.data()), names.size()});
  folder.write(name, bytes);
  try {
    const auto dataset = open(folder.path(), data::Split::kTrain, {});
    const auto some = std::min<std::int64_t>(dataset->size(), 8);
    for (std::int64_t i = 0; i < some; ++i) dataset->image_name(i);
    for (std::int64_t i = 0; i < some; ++i) dataset->image(i);
  } catch (const InputError&) {
  }
  return 0;
}

}  // namespace zoetrope::fuzz
