// SPDX-License-Identifier: Apache-2.0
#include "../bf16/device_kernels.hpp"

namespace zoetrope::model {

KernelsPointer kernels_on(at::Device, const VitConfig&) {
  return {};
}

}  // namespace zoetrope::model
