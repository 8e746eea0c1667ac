// SPDX-License-Identifier: Apache-2.0
// Embeddings as they become whole, and those that are there already: whether they are what would be made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_directory.hpp"

namespace zoetrope::embed {

// Whether the checkpoint's file of that split is of `identity` and whole: all of it is read. A damaged one is
// removed with a warning, since its model, which the caller has, makes the same again.
bool is_embedded(const std::filesystem::path& checkpoint_folder, const store::EmbeddingsIdentity& identity);

// The same of a checkpoint whose model is gone: InputError where they are missing, damaged or of other
// images, with what can be done. Nothing is removed.
void require_embeddings(const store::RunDirectory& run, std::int64_t step, const ExtractionInput& input);

// store::seal(), which may end early after a signal: then the shards are left for the next attempt to join.
void seal_unless_asked(const std::filesystem::path& checkpoint_folder,
                       const store::EmbeddingsIdentity& identity);

}  // namespace zoetrope::embed
