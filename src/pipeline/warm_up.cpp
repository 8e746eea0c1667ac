// SPDX-License-Identifier: Apache-2.0
#include "warm_up.hpp"

#include <exception>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/model/vit.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {

namespace {

void train_one_layer(at::Device device, model::Precision precision) {
  model::VitConfig config;
  config.num_hidden_layers = 1;
  config.id2label = {"0", "1"};
  const model::Vit model(config, device);
  const at::Tensor pixels =
      at::zeros({8, config.num_channels, config.image_size, config.image_size}, at::TensorOptions(device));
  const at::Tensor labels = at::zeros({8}, at::TensorOptions(device).dtype(at::kLong));
  const at::Tensor logits = model.logits(pixels, model.rounded(precision));
  at::cross_entropy_loss(logits.to(at::kFloat), labels).backward();
}

}  // namespace

std::future<void> warm_up(at::Device device, model::Precision precision) {
  return std::async(std::launch::async, [=] {
    try {
      if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
      train_one_layer(device, precision);
    } catch (const std::exception& error) {
      support::log_debug(std::string("warming up ") + device.str() + ": " + error.what());
    }
  });
}

}  // namespace zoetrope::pipeline
