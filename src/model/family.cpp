// SPDX-License-Identifier: Apache-2.0
#include "family.hpp"

#include <array>
#include <utility>

namespace zoetrope::model {

namespace {

constexpr FamilyNames kVitNames = {"vit",
                                   "ViTForImageClassification",
                                   "vit.",
                                   "layernorm_before",
                                   "layernorm_after",
                                   "intermediate.dense",
                                   "output.dense"};
constexpr FamilyNames kDeitNames = {"deit",
                                    "DeiTForImageClassification",
                                    "deit.",
                                    "layernorm_before",
                                    "layernorm_after",
                                    "intermediate.dense",
                                    "output.dense"};
constexpr FamilyNames kDinov2Names = {
    "dinov2", "Dinov2ForImageClassification", "dinov2.", "norm1", "norm2", "mlp.fc1", "mlp.fc2"};

constexpr std::array<std::pair<const char*, Family>, 4> kModelTypes = {
    {{"vit", Family::kVit}, {"vit_mae", Family::kVit}, {"deit", Family::kDeit}, {"dinov2", Family::kDinov2}}};

// transformers/conversion_mapping.py, from the file's spelling to memory's. Order counts: the attention's
// "output.dense" must be gone before the MLP's is looked for.
constexpr std::array<std::pair<const char*, const char*>, 7> kVitSpellings = {
    {{"encoder.layer.", "layers."},
     {"attention.attention.query", "attention.q_proj"},
     {"attention.attention.key", "attention.k_proj"},
     {"attention.attention.value", "attention.v_proj"},
     {"attention.output.dense", "attention.o_proj"},
     {"intermediate.dense", "mlp.fc1"},
     {"output.dense", "mlp.fc2"}}};
constexpr std::array<std::pair<const char*, const char*>, 4> kDinov2Spellings = {
    {{"attention.attention.query", "attention.q_proj"},
     {"attention.attention.key", "attention.k_proj"},
     {"attention.attention.value", "attention.v_proj"},
     {"attention.output.dense", "attention.o_proj"}}};

template <typename Spellings>
std::string respell(std::string name, const Spellings& spellings) {
  for (const auto& [from, to] : spellings) {
    const std::size_t at = name.find(from);
    if (at != std::string::npos) name.replace(at, std::string(from).size(), to);
  }
  return name;
}

}  // namespace

const FamilyNames& names_of(Family family) {
  switch (family) {
    case Family::kDeit:
      return kDeitNames;
    case Family::kDinov2:
      return kDinov2Names;
    case Family::kVit:
      break;
  }
  return kVitNames;
}

std::optional<Family> family_of(const std::string& model_type) {
  for (const auto& [known, family] : kModelTypes)
    if (model_type == known) return family;
  return std::nullopt;
}

std::string in_memory_name(Family family, std::string name) {
  return family == Family::kDinov2 ? respell(std::move(name), kDinov2Spellings)
                                   : respell(std::move(name), kVitSpellings);
}

}  // namespace zoetrope::model
