// SPDX-License-Identifier: Apache-2.0
// What a shard and a sealed embeddings file share: the dataset's name and the identity in attributes of the
// file's root. A shard says in num_rows how many rows the whole split has, and in first_row where it starts.
#pragma once

#include <span>

#include "zoetrope/store/embeddings_file.hpp"

#include "hdf5.hpp"

namespace zoetrope::store {

inline constexpr const char* kEmbeddings = "/embeddings";
inline constexpr const char* kLogits = "/logits";
inline constexpr const char* kIndex = "/index";
inline constexpr const char* kClassifierWeight = "/classifier_weight";
inline constexpr const char* kClassifierBias = "/classifier_bias";

void write_classifier(Hdf5File& file, const EmbeddingsIdentity& identity, const Classifier& classifier);
// Empty where the file has none. InputError where it is not one of `identity`.
Classifier read_classifier(const Hdf5File& file, const EmbeddingsIdentity& identity,
                           const std::filesystem::path& path);
void write_identity(Hdf5File& file, const EmbeddingsIdentity& identity);
// InputError when an attribute is missing or the dataset's shape cannot belong to it. For a shard, too:
// num_rows is the whole split's.
EmbeddingsIdentity read_identity_of(const Hdf5File& file, const std::filesystem::path& path);

// The same of a sealed file, whose name and rows must be those that it says.
EmbeddingsIdentity read_sealed_identity(const Hdf5File& file, const std::filesystem::path& path);
// InputError that names the row where one of `dataset`, from `first_row` on, holds another value.
void require_finite(std::span<const float> values, std::int64_t num_columns,
                    const std::filesystem::path& path, const char* dataset, std::int64_t first_row = 0);
void require_finite(const Classifier& classifier, const EmbeddingsIdentity& identity,
                    const std::filesystem::path& path);

// As collect_shards(), by the headers alone: who joins them reads the values.
std::vector<support::Range> list_shards(const std::filesystem::path& checkpoint_folder,
                                        const EmbeddingsIdentity& identity);

std::filesystem::path shard_path(const std::filesystem::path& checkpoint_folder, EmbeddedSplit split,
                                 support::Range rows);

}  // namespace zoetrope::store
