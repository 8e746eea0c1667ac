// SPDX-License-Identifier: Apache-2.0
// What a training step and an embedded batch are made of: images, model, update.
#include <memory>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/data/sampler.hpp"
#include "zoetrope/preprocess/preprocess.hpp"

#include "../../src/train/optimizer.hpp"
#include "data/fake_dataset.hpp"
#include "hot_paths.hpp"

namespace zoetrope::instructions {
namespace {

// Of every shape of matrix products libtorch compiles kernels, which takes valgrind longest: few and small
// shapes.
model::Vit small_vit() {
  model::VitConfig config;
  config.hidden_size = 64;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 256;
  config.image_size = 28;
  config.patch_size = 7;
  config.id2label = model::default_labels(10);
  model::Vit vit(std::move(config));
  model::initialize(vit, 1);
  return vit;
}

at::Tensor made_up_pixels(std::int64_t batch) {
  const at::Tensor i = at::arange(batch * 3 * 28 * 28, at::kLong);
  return (at::remainder(37 * i + i * i, 256).to(at::kFloat) / 127.5 - 1).view({batch, 3, 28, 28});
}

std::shared_ptr<data::Dataset> made_up_images(int count, int side) {
  std::vector<support::Image> images;
  for (int n = 0; n < count; ++n) {
    support::Image image{side, side, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(side) * side * 3)};
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = static_cast<std::uint8_t>(37 * i + 101 * static_cast<std::size_t>(n) + i * i);
    images.push_back(std::move(image));
  }
  return std::make_shared<data::FakeDataset>(std::move(images));
}

HotPath forward_path(const model::Vit& vit) {
  return {"forward of 8 images, small ViT", [vit, pixels = made_up_pixels(8)] {
            const c10::NoGradGuard no_grad;
            vit.features(pixels);
          }};
}

HotPath step_path(const model::Vit& vit) {
  const at::Tensor gradient = at::zeros_like(vit.flat());
  for (std::size_t i = 0; i < vit.tensors().size(); ++i) {
    const model::Parameter& parameter = vit.parameters()[i];
    vit.tensors()[i].mutable_grad() =
        gradient.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
  }
  const at::Tensor labels = at::remainder(at::arange(8, at::kLong), 10);
  return {"forward and backward of 8 images, small ViT", [vit, gradient, labels, pixels = made_up_pixels(8)] {
            gradient.zero_();
            at::cross_entropy_loss(vit.logits(pixels), labels).backward();
          }};
}

// AdamW refers to the state and the communicator.
struct Update {
  std::unique_ptr<comm::Communicator> communicator = comm::make_single_communicator();
  train::TrainingState state = train::make_state(small_vit(), *communicator);
  train::AdamW optimizer{state, 0.01, *communicator};
  at::Tensor gradient = at::full_like(state.model.flat(), 0.01);
};

HotPath update_path() {
  const auto update = std::make_shared<Update>();
  update->optimizer.set_learning_rate(1e-4);
  return {"clipping and AdamW, 0.1 million parameters", [update] {
            const train::Clipping clipping =
                train::clip_gradient(update->gradient, 1.0, std::nullopt, *update->communicator);
            update->optimizer.step(update->gradient, clipping.factor);
          }};
}

}  // namespace

std::vector<HotPath> training_paths() {
  const preprocess::PreprocessorConfig config;
  const auto images = made_up_images(8, 32);
  const at::Tensor resized = preprocess::load_pixels(*images, config).pixels;
  const model::Vit vit = small_vit();
  return {{"the order of 60,000 images", [] { data::epoch_order(42, 1, 60'000); }},
          {"resizing of 8 images, 32 to 224", [=] { preprocess::load_pixels(*images, config); }},
          {"normalising of 8 images of 224", [=] { preprocess::normalize(resized, config); }},
          forward_path(vit),
          step_path(vit),
          update_path()};
}

}  // namespace zoetrope::instructions
