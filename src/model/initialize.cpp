// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {

// transformers 5.23: PreTrainedModel._init_weights draws Linear and Conv2d weights from N(0,
// initializer_range), ViTPreTrainedModel._init_weights the CLS token and the position embeddings from the
// same normal cut at +-2, which is a hundred standard deviations away. Drawn on the CPU, so that a start does
// not depend on the device.
void initialize(Vit& model, std::uint64_t seed, const std::string& only) {
  const c10::NoGradGuard no_grad;
  at::Generator generator = at::detail::createCPUGenerator(seed);
  at::Tensor values = model.flat().detach().to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  for (auto& [name, view] : named_views(model.parameters(), values)) {
    if (!name.starts_with(only)) continue;
    if (name.ends_with(".bias")) {
      view.zero_();
    } else if (name.find("layernorm") != std::string::npos) {
      view.fill_(1);
    } else {
      view.normal_(0.0, model.config().initializer_range, generator);
    }
  }
  model.flat().copy_(values);
}

}  // namespace zoetrope::model
