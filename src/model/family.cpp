// SPDX-License-Identifier: Apache-2.0
#include "family.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace zoetrope::model {

namespace {

constexpr const char* kPositions = "embeddings.position_embeddings";
constexpr FamilyNames kVitNames = {"vit",
                                   "ViTForImageClassification",
                                   "vit.",
                                   "layernorm_before",
                                   "layernorm_after",
                                   "intermediate.dense",
                                   "output.dense",
                                   kPositions,
                                   "ViTImageProcessor"};
constexpr FamilyNames kDeitNames = {"deit",
                                    "DeiTForImageClassification",
                                    "deit.",
                                    "layernorm_before",
                                    "layernorm_after",
                                    "intermediate.dense",
                                    "output.dense",
                                    kPositions,
                                    "DeiTImageProcessor"};
constexpr FamilyNames kDinov2Names = {"dinov2",
                                      "Dinov2ForImageClassification",
                                      "dinov2.",
                                      "norm1",
                                      "norm2",
                                      "mlp.fc1",
                                      "mlp.fc2",
                                      kPositions,
                                      "BitImageProcessor"};
constexpr FamilyNames kDinov2WithRegistersNames = {"dinov2_with_registers",
                                                   "Dinov2WithRegistersForImageClassification",
                                                   "dinov2_with_registers.",
                                                   "norm1",
                                                   "norm2",
                                                   "mlp.fc1",
                                                   "mlp.fc2",
                                                   kPositions,
                                                   ""};
constexpr FamilyNames kClipNames = {"clip",
                                    "CLIPForImageClassification",
                                    "vision_model.",
                                    "layer_norm1",
                                    "layer_norm2",
                                    "mlp.fc1",
                                    "mlp.fc2",
                                    "embeddings.position_embedding.weight",
                                    "CLIPImageProcessor"};

constexpr std::array<std::pair<const char*, Family>, 8> kModelTypes = {
    {{"vit", Family::kVit},
     {"vit_mae", Family::kVit},
     {"vit_msn", Family::kVit},
     {"deit", Family::kDeit},
     {"dinov2", Family::kDinov2},
     {"dinov2_with_registers", Family::kDinov2WithRegisters},
     {"clip", Family::kClip},
     {"clip_vision_model", Family::kClip}}};

// Families that people take for one of these, and what sets them apart.
struct OtherFamily {
  std::string_view model_type;
  const char* what;
};
constexpr OtherFamily kOtherFamilies[] = {
    {"dinov3_vit", "DINOv3's ViT, which turns queries and keys by their patches' places (RoPE)"},
    {"dinov3_convnext", "DINOv3's ConvNeXt, which is no Vision Transformer"},
    {"siglip", "SigLIP, whose vision tower has no CLS token to embed images by"},
    {"siglip_vision_model", "SigLIP's vision tower, which has no CLS token to embed images by"},
    {"siglip2", "SigLIP 2, whose vision tower has no CLS token to embed images by"},
    {"siglip2_vision_model", "SigLIP 2's vision tower, which has no CLS token to embed images by"},
    {"beit", "BEiT, which has position biases in its attention"},
    {"swin", "Swin Transformer, which has windows in the place of a ViT's attention"},
    {"swinv2", "Swin Transformer V2, which has windows in the place of a ViT's attention"},
};

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
    case Family::kDinov2WithRegisters:
      return kDinov2WithRegistersNames;
    case Family::kClip:
      return kClipNames;
    case Family::kVit:
      break;
  }
  return kVitNames;
}

const char* processor_class(Family family) {
  return names_of(family).processor;
}

std::vector<std::string> family_prefixes() {
  std::vector<std::string> prefixes;
  for (const auto& [known, family] : kModelTypes) prefixes.emplace_back(names_of(family).prefix);
  return prefixes;
}

std::string about_other_family(const std::string& model_type) {
  std::string text;
  for (const OtherFamily& other : kOtherFamilies)
    if (model_type == other.model_type) text = std::string(" (") + other.what + ")";
  std::string supported;
  for (const auto& [known, family] : kModelTypes)
    supported.append(supported.empty() ? "" : ", ").append(known);
  return text + "; take a model of one of the families that are supported: " + supported +
         "; or embed the images in Python, and have zoetrope go on from there: docs/own-embeddings.md, "
         "\"Models that zoetrope does not read\"";
}

std::optional<Family> family_of(const std::string& model_type) {
  for (const auto& [known, family] : kModelTypes)
    if (model_type == known) return family;
  return std::nullopt;
}

std::string in_memory_name(Family family, std::string name) {
  if (family == Family::kClip) return name;
  const bool is_vit = family == Family::kVit || family == Family::kDeit;
  return is_vit ? respell(std::move(name), kVitSpellings) : respell(std::move(name), kDinov2Spellings);
}

}  // namespace zoetrope::model
