// SPDX-License-Identifier: Apache-2.0
// Embeddings that need not fit into memory.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/mapped_memory.hpp"

namespace zoetrope::store {

// The values of embeddings.h5 where they lie in the file: pages of it are in memory while somebody looks at
// them, within support::limit_mapped_memory().
class MappedEmbeddings {
 public:
  // Looks at each value once. InputError as read_embeddings(), and where the values are not one piece of the
  // file, which no file of ours is.
  explicit MappedEmbeddings(const std::filesystem::path& checkpoint_folder,
                            EmbeddedSplit split = EmbeddedSplit::kTest);

  const EmbeddingsIdentity& identity() const { return identity_; }
  std::span<const float> values() const { return values_; }  // row-major [N, D]
  std::span<const float> logits() const { return logits_; }  // row-major [N, C]
  const Classifier& classifier() const { return classifier_; }

 private:
  support::MappedFile file_;
  support::BoundedMapping bounded_;
  EmbeddingsIdentity identity_;
  std::span<const float> values_, logits_;
  Classifier classifier_;
};

}  // namespace zoetrope::store
