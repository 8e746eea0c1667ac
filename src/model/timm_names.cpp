// SPDX-License-Identifier: Apache-2.0
#include "timm_names.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace zoetrope::model {

namespace {

using Spelling = std::pair<std::string_view, std::string_view>;

constexpr std::array<Spelling, 6> kOutside = {
    {{"cls_token", "vit.embeddings.cls_token"},
     {"pos_embed", "vit.embeddings.position_embeddings"},
     {"patch_embed.proj.", "vit.embeddings.patch_embeddings.projection."},
     {"blocks.", "vit.encoder.layer."},
     {"norm.", "vit.layernorm."},
     {"head.", "classifier."}}};
constexpr std::array<Spelling, 5> kInBlock = {{{"norm1.", "layernorm_before."},
                                               {"norm2.", "layernorm_after."},
                                               {"attn.proj.", "attention.output.dense."},
                                               {"mlp.fc1.", "intermediate.dense."},
                                               {"mlp.fc2.", "output.dense."}}};
constexpr std::string_view kPacked = "attn.qkv.";

template <typename Spellings>
const Spelling* spelling_of(std::string_view name, const Spellings& spellings) {
  for (const Spelling& spelling : spellings) {
    const bool is_whole = !spelling.first.ends_with('.');
    if (is_whole ? name == spelling.first : name.starts_with(spelling.first)) return &spelling;
  }
  return nullptr;
}

// Of "3.attn.qkv.weight".
std::vector<std::string> names_in_block(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string layer = "vit.encoder.layer." + std::string(name.substr(0, dot + 1));
  const std::string_view part = name.substr(dot + 1);
  if (part.starts_with(kPacked)) {
    std::vector<std::string> names;
    for (const char* kind : {"query.", "key.", "value."})
      names.push_back(layer + "attention.attention." + kind + std::string(part.substr(kPacked.size())));
    return names;
  }
  const Spelling* spelling = spelling_of(part, kInBlock);
  if (spelling == nullptr) return {};
  return {layer + std::string(spelling->second) + std::string(part.substr(spelling->first.size()))};
}

}  // namespace

std::vector<std::string> names_of_timm(const std::string& name) {
  const Spelling* spelling = spelling_of(name, kOutside);
  if (spelling == nullptr) return {};
  const std::string rest = name.substr(spelling->first.size());
  if (spelling->first == "blocks.") return names_in_block(rest);
  return {std::string(spelling->second) + rest};
}

}  // namespace zoetrope::model
