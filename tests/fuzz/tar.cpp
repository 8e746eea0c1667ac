// SPDX-License-Identifier: Apache-2.0
#include "shard.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return zoetrope::fuzz::read_as_shard("train-0.tar", {data, size}, zoetrope::data::open_webdataset);
}
