// SPDX-License-Identifier: Apache-2.0
// What the model families call things, in config.json and among the tensors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoetrope/model/config.hpp"

namespace zoetrope::model {

struct FamilyNames {
  const char* model_type;    // in config.json
  const char* architecture;  // the class that AutoModelForImageClassification makes of it
  const char* prefix;        // of the encoder's tensors; files of the bare encoder lack it
  const char* norm_before;   // the rest: within a layer
  const char* norm_after;
  const char* mlp_in;
  const char* mlp_out;
  const char* positions;  // after the prefix
  const char* processor;  // see processor_class
};

const FamilyNames& names_of(Family family);

// The family that a "model_type" is read as: ViT-MAE's encoder is a ViT. Nothing where it is not supported.
std::optional<Family> family_of(const std::string& model_type);

// The prefix of each family's tensors.
std::vector<std::string> family_prefixes();

// What an error says of another "model_type", after its name: what is known of the family, and what is
// supported.
std::string about_other_family(const std::string& model_type);

// The name that transformers gives a tensor in memory, which files may have too: "vit.layers.0.mlp.fc1.bias"
// of "vit.encoder.layer.0.intermediate.dense.bias".
std::string in_memory_name(Family family, std::string name);

}  // namespace zoetrope::model
