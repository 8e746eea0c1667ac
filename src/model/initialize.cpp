// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {

namespace {

void fill(const at::Tensor& values, Init how, const VitConfig& config, const at::Generator& generator) {
  const auto width = static_cast<double>(config.hidden_size);
  const auto layers = static_cast<double>(config.num_hidden_layers);
  switch (how) {
    case Init::kZero:
      values.zero_();
      break;
    case Init::kOne:
      values.fill_(1);
      break;
    case Init::kNormal:
      values.normal_(0.0, config.initializer_range * config.initializer_factor, generator);
      break;
    case Init::kLayerScale:
      values.fill_(config.layerscale_value);
      break;
    case Init::kClipWidth:
      values.normal_(0.0, config.initializer_factor / std::sqrt(width), generator);
      break;
    case Init::kClipDepth:
      values.normal_(0.0, config.initializer_factor / std::sqrt(width * 2 * layers), generator);
      break;
    case Init::kClipMlp:
      values.normal_(0.0, config.initializer_factor / std::sqrt(2 * width), generator);
      break;
  }
}

}  // namespace

// transformers 5.23: PreTrainedModel._init_weights draws Linear and Conv2d weights from N(0,
// initializer_range), ViTPreTrainedModel._init_weights the CLS token and the position embeddings from the
// same normal cut at +-2, which is a hundred standard deviations away; CLIPPreTrainedModel._init_weights says
// what is CLIP's. Drawn on the CPU, so that a start does not depend on the device.
void initialize(Vit& model, std::uint64_t seed, const std::string& only) {
  const c10::NoGradGuard no_grad;
  at::Generator generator = at::detail::createCPUGenerator(seed);
  at::Tensor values = model.flat().detach().to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  for (const Parameter& parameter : model.parameters()) {
    if (!parameter.parts.front().name.starts_with(only)) continue;
    fill(values.narrow(0, parameter.offset, parameter.size()), parameter.init, model.config(), generator);
  }
  model.flat().copy_(values);
}

}  // namespace zoetrope::model
