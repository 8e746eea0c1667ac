// SPDX-License-Identifier: Apache-2.0
// What NcclCommunicator asks of the device besides NCCL's and the CUDA runtime's C APIs. The tests' double
// stands CPU tensors for device memory, so nothing else may tell CPU from CUDA.
#pragma once

#include <functional>

#include <ATen/core/Tensor.h>
#include <cuda_runtime_api.h>

namespace zoetrope::comm {

struct DeviceContext {
  at::Device device;                             // where the tensors live
  int ordinal = 0;                               // for cudaSetDevice
  std::function<cudaStream_t()> current_stream;  // the one that the caller's computation is queued on
};

// libtorch's: its current stream on CUDA device `ordinal`. (The double has its own.)
DeviceContext make_device_context(int ordinal);

}  // namespace zoetrope::comm
