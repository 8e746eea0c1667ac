// SPDX-License-Identifier: Apache-2.0
// Folders of timm, as timm.models.save_for_hf writes them and the Hub holds them: config.json names an
// architecture, and the weights of a plain ViT have names of their own.
#pragma once

#include <cstdint>
#include <string>

#include "zoetrope/support/json.hpp"

namespace zoetrope::model {

// Whether a config.json is timm's.
bool is_timm(const support::Json& config);

// What transformers' config.json would say of the same model. InputError where the architecture is not one of
// vit_* or deit_*_patchP_S, or is changed in a way that transformers' ViT cannot be.
support::Json timm_as_vit_config(const support::Json& config, const std::string& origin);

// What preprocessor_config.json would say of timm's create_transform for evaluation, of a model that takes
// images of `side` pixels. InputError where it crops or resizes in a way that no processor does.
support::Json timm_processor(const support::Json& config, std::int64_t side, const std::string& origin);

}  // namespace zoetrope::model
