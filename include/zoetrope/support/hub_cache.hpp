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

// Whether `asked` may name something there: "name" or "owner/name", behind "hf:" or the Hub's address, before
// "@" and a branch, a tag or a commit; no file's name.
bool may_be_on_hub(HubKind kind, const std::string& asked);

// The folder of the files of what is asked for, of its branch main where none is named, or of the only commit
// that is there; none where the cache does not hold it.
std::optional<std::filesystem::path> hub_snapshot(HubKind kind, const std::string& asked);

// "on a machine with network, bring it with: hf download NAME".
std::string download_command(HubKind kind, const std::string& asked);

// "the Hugging Face cache (DIR) does not hold NAME; " and that.
std::string how_to_bring(HubKind kind, const std::string& asked);

}  // namespace zoetrope::support
