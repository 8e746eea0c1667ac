// SPDX-License-Identifier: Apache-2.0
// model_bf16_driver FOLDER IMAGES TO: for bf16_peer_test.py, logits in bf16 of the model in FOLDER on
// "pixels" of the file IMAGES, and the gradient of every parameter for the mean loss on its "labels", written
// to the file TO.
#include <cstdio>
#include <exception>

#include <ATen/ATen.h>

#include "zoetrope/model/folder.hpp"

namespace model = zoetrope::model;
namespace store = zoetrope::store;

int main(int, char** argv) try {
  const model::Vit vit = model::load_checkpoint(argv[1]);
  const store::SafetensorsFile images(argv[2]);
  const at::Tensor gradient = at::zeros_like(vit.flat());
  for (std::size_t i = 0; i < vit.tensors().size(); ++i) {
    const model::Parameter& parameter = vit.parameters()[i];
    vit.tensors()[i].mutable_grad() =
        gradient.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
  }

  const at::Tensor logits =
      vit.logits(images.view("pixels").clone(), vit.rounded(model::Precision::kBFloat16)).to(at::kFloat);
  at::cross_entropy_loss(logits, images.view("labels").clone()).backward();

  store::NamedTensors results = model::named_views(vit.parameters(), gradient);
  results.emplace_back("logits", logits.detach());
  store::write_safetensors(argv[3], results, {});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
