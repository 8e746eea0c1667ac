// SPDX-License-Identifier: Apache-2.0
#include <c10/cuda/CUDAStream.h>

#include "nccl/device_context.hpp"

namespace zoetrope::comm {

DeviceContext make_device_context(int ordinal) {
  const auto index = static_cast<c10::DeviceIndex>(ordinal);
  return {at::Device(at::kCUDA, index), ordinal,
          [index] { return c10::cuda::getCurrentCUDAStream(index).stream(); }};
}

}  // namespace zoetrope::comm
