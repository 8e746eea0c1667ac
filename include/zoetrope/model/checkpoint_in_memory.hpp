// SPDX-License-Identifier: Apache-2.0
// A checkpoint of a training while its model is in memory and its files are being written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {

// Has `task`, which holds `bytes` of memory, called with the digest of a checkpoint's weights once its folder
// is on disk, beside the computation, in the order of the calls. Waits where what is to be written has no
// room in memory.
using OnceWritten =
    std::function<void(std::int64_t bytes, std::function<void(const std::string& digest)> task)>;

struct CheckpointInMemory {
  std::int64_t step = 0;
  double epoch = 0;
  const Vit& model;  // the same on every rank
  // And the rest on rank 0 only. The digest of the weights where it is known already: an earlier job has
  // written the checkpoint.
  std::optional<std::string> digest;
  OnceWritten once_written;
};

}  // namespace zoetrope::model
