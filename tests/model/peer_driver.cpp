// SPDX-License-Identifier: Apache-2.0
// model_peer_driver FROM TO CLASS...: what fine-tuning does before its first step, for peer_test.py. Writes
// the model to TO, and its logits on TO/pixels.safetensors to TO/logits.safetensors.
#include <cstdio>
#include <exception>
#include <filesystem>

#include <c10/core/GradMode.h>

#include "zoetrope/model/folder.hpp"

namespace model = zoetrope::model;
namespace store = zoetrope::store;

int main(int argc, char** argv) try {
  const std::filesystem::path from = argv[1], to = argv[2];
  const c10::NoGradGuard no_grad;
  const store::SafetensorsFile file(to / "pixels.safetensors");
  const at::Tensor pixels = file.view("pixels").clone();

  const model::Vit vit = model::load_for_fine_tuning(from, {argv + 3, argv + argc}, 42, pixels.size(2));
  model::save_model(vit, to);
  store::write_safetensors(to / "logits.safetensors", {{"logits", vit.logits(pixels)}}, {});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
