// SPDX-License-Identifier: Apache-2.0
#include "default_model.hpp"

#include "zoetrope/support/error.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;

fs::path default_model() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  for (const char* place : {"models", "../share/zoetrope/models"}) {
    const fs::path model = program.parent_path() / place / "fashion-vit";
    if (fs::exists(model / "model.safetensors")) return model;
  }
  throw RunError((program.parent_path() / "models").string() + ": is not beside the program; give --model");
}

}  // namespace zoetrope::jobs
