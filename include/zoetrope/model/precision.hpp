// SPDX-License-Identifier: Apache-2.0
// In which arithmetic a forward pass runs. Weights, gradients and optimizer stay float32.
#pragma once

#include <string>

namespace zoetrope::model {

// kTensorFloat32: float32 whose products a GPU may compute with inputs rounded to TF32's 10 bits of fraction.
// kBFloat16: matrix products and what is between two of them alone; LayerNorm, softmax, sums of the rows
// between layers, the loss and weights' gradients are float32.
enum class Precision { kFloat32, kTensorFloat32, kBFloat16 };

std::string name_of(Precision precision);  // "float32", "tf32", "bfloat16"

}  // namespace zoetrope::model
