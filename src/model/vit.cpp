// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/vit.hpp"

#include <ATen/ATen.h>

#include "zoetrope/compute/large_buffer.hpp"

#include "architecture.hpp"
#include "bf16/device_kernels.hpp"
#include "forward.hpp"

namespace zoetrope::model {

Vit::Vit(VitConfig config, at::Device device)
    : config_(std::move(config)), architecture_(std::make_shared<const Architecture>(describe(config_))) {
  flat_ = device.is_cpu()
              ? compute::large_zeros(architecture_->flat_size)
              : at::zeros({architecture_->flat_size}, at::TensorOptions().dtype(at::kFloat).device(device));
  make_leaves();
}

void Vit::make_leaves() {
  tensors_.clear();
  for (const Parameter& parameter : architecture_->parameters) {
    at::Tensor view = flat_.narrow(0, parameter.offset, parameter.size()).view(parameter.shape).detach();
    tensors_.push_back(view.requires_grad_(true));
  }
}

Vit Vit::replica() const {
  return over(flat_);
}

Vit Vit::over(at::Tensor flat) const {
  Vit other;
  other.config_ = config_;
  other.architecture_ = architecture_;
  other.flat_ = std::move(flat);
  other.extra_tensors = extra_tensors;
  other.make_leaves();
  return other;
}

Vit Vit::to(at::Device device) const {
  return over(flat_.detach().to(device, /*non_blocking=*/false, /*copy=*/true));
}

const std::vector<Parameter>& Vit::parameters() const {
  return architecture_->parameters;
}

std::int64_t Vit::num_parameters() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters()) count += parameter.size();
  return count;
}

at::Tensor Vit::rounded(Precision precision) const {
  return precision == Precision::kBFloat16 ? flat_.detach().to(at::kBFloat16) : at::Tensor();
}

Forward Vit::forward(const at::Tensor& rounded) const {
  return {config_, *architecture_, tensors_, rounded,
          rounded.defined() ? kernels_on(flat_.device(), config_) : KernelsPointer()};
}

at::Tensor Vit::embed(const at::Tensor& pixels, const at::Tensor& rounded) const {
  return forward(rounded).cls(pixels);
}

at::Tensor Vit::features(const at::Tensor& pixels, const at::Tensor& rounded) const {
  return forward(rounded).features(pixels);
}

at::Tensor Vit::classify(const at::Tensor& features, const at::Tensor& rounded) const {
  return forward(rounded).classify(features);
}

std::pair<at::Tensor, at::Tensor> Vit::classifier() const {
  const Affine& of = architecture_->classifier;
  return {tensors_.at(static_cast<std::size_t>(of.weight)).detach(),
          tensors_.at(static_cast<std::size_t>(of.bias)).detach()};
}

at::Tensor Vit::logits(const at::Tensor& pixels, const at::Tensor& rounded) const {
  return classify(features(pixels, rounded), rounded);
}

store::NamedTensors named_views(const std::vector<Parameter>& parameters, const at::Tensor& flat) {
  store::NamedTensors views;
  for (const Parameter& parameter : parameters) {
    const at::Tensor whole = flat.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
    for (const Parameter::Part& part : parameter.parts)
      views.emplace_back(part.name, whole.narrow(0, part.first_row, part.num_rows));
  }
  return views;
}

}  // namespace zoetrope::model
