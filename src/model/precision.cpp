// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/precision.hpp"

namespace zoetrope::model {

std::string name_of(Precision precision) {
  switch (precision) {
    case Precision::kTensorFloat32:
      return "tf32";
    case Precision::kBFloat16:
      return "bfloat16";
    case Precision::kFloat32:
      break;
  }
  return "float32";
}

}  // namespace zoetrope::model
