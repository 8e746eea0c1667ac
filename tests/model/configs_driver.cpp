// SPDX-License-Identifier: Apache-2.0
// configs_driver, for configs_test.py: embeds FOLDER/pixels.safetensors with the model of each FOLDER that a
// line of standard input names. Writes FOLDER/ours.safetensors and answers with a line of JSON: what it
// wrote, or the error.
#include <filesystem>
#include <iostream>

#include <c10/core/GradMode.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

namespace {

using namespace zoetrope;

support::Json embed(const std::filesystem::path& folder) {
  try {
    const model::Vit vit = model::load_checkpoint(folder);
    const at::Tensor pixels = store::SafetensorsFile(folder / "pixels.safetensors").view("pixels").clone();
    store::NamedTensors answers{{"cls", vit.embed(pixels).contiguous()}};
    if (vit.config().num_labels() > 0) answers.emplace_back("logits", vit.logits(pixels).contiguous());
    store::write_safetensors(folder / "ours.safetensors", answers, {});
    return {{"labels", vit.config().id2label}};
  } catch (const InputError& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

int main() {
  support::set_up_logging("warning", 0, 1, "");
  const c10::NoGradGuard no_grad;
  for (std::string folder; std::getline(std::cin, folder);) std::cout << embed(folder).dump() << std::endl;
}
