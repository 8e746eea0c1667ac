// SPDX-License-Identifier: Apache-2.0
// In which arithmetic a forward pass runs. Weights, gradients and optimizer stay float32.
#pragma once

#include <string>

#include <c10/core/DeviceType.h>

namespace zoetrope::model {

// kTensorFloat32: float32 whose products a GPU may compute with inputs rounded to TF32's 10 bits of fraction.
enum class Precision { kFloat32, kTensorFloat32, kBFloat16 };

std::string name_of(Precision precision);  // "float32", "tf32", "bfloat16"

// While it lives, this thread's matrix products run in bfloat16 (libtorch's autocast) when so asked.
class PrecisionScope {
 public:
  PrecisionScope(Precision precision, c10::DeviceType device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  bool active_;
  c10::DeviceType device_;
  bool was_enabled_ = false;
};

}  // namespace zoetrope::model
