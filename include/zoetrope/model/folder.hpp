// SPDX-License-Identifier: Apache-2.0
// A model on disk: a Hugging Face folder, or a config.json alone for a random start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/model/vit.hpp"

namespace zoetrope::model {

// Reads config.json and model.safetensors of `folder` as they are: every parameter must be there, with its
// shape. InputError names the tensor otherwise.
Vit load_checkpoint(const std::filesystem::path& folder);

// The start of a fine-tuning for classes `class_names`. `path`: a folder (weights as above, but a classifier
// that is absent or of another size is initialised from `seed`), or a config.json (all initialised).
Vit load_for_fine_tuning(const std::filesystem::path& path, const std::vector<std::string>& class_names,
                         std::uint64_t seed);

// Writes config.json and model.safetensors into `folder`, which exists.
void save_model(const Vit& model, const std::filesystem::path& folder);

}  // namespace zoetrope::model
