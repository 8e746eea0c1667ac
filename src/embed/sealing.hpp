// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::embed {

// store::seal(), which may end early after a signal: then the shards are left for the next attempt to join.
void seal_unless_asked(const std::filesystem::path& folder, const store::EmbeddingsIdentity& identity);

}  // namespace zoetrope::embed
