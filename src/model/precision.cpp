// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/precision.hpp"

#include <ATen/autocast_mode.h>

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

PrecisionScope::PrecisionScope(Precision precision, c10::DeviceType device)
    : active_(precision == Precision::kBFloat16), device_(device) {
  if (!active_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

PrecisionScope::~PrecisionScope() {
  if (!active_) return;
  // The cache holds bfloat16 copies of weights, which the next optimizer step makes stale.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
}

}  // namespace zoetrope::model
