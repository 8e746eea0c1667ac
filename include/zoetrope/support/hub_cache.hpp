// SPDX-License-Identifier: Apache-2.0
// The cache in which Hugging Face's Python libraries keep what they have brought from the Hub. Nothing is
// brought or written here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace zoetrope::support {

// $HF_HUB_CACHE, or $HF_HOME/hub, or huggingface/hub in $XDG_CACHE_HOME or ~/.cache, as huggingface_hub
// looks for it; empty where there is no home either.
std::filesystem::path hub_cache();

// Whether the Hub could have something of this name: "name" or "owner/name", of letters, digits, '-', '_' and
// '.', as huggingface_hub's validate_repo_id has it.
bool is_hub_name(std::string_view name);

enum class HubKind { kModel, kDataset };

// The folder of the files of `name`'s branch main, or of the only commit that is there; none where the cache
// does not hold it.
std::optional<std::filesystem::path> hub_snapshot(HubKind kind, const std::string& name);

// "the Hugging Face cache (DIR) does not hold NAME; on a machine with network, bring it with: hf download
// NAME".
std::string how_to_bring(HubKind kind, const std::string& name);

}  // namespace zoetrope::support
