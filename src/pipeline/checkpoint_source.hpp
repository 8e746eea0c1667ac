// SPDX-License-Identifier: Apache-2.0
// What the small files of a checkpoint say of its embeddings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/store/embeddings_file.hpp"

namespace zoetrope::pipeline {

struct TrainingSource {
  store::EmbeddingsIdentity identity;
  std::string embeddings_digest;
};

struct CheckpointSource {
  store::EmbeddingsIdentity identity;
  std::string embeddings_digest;         // see store::EmbeddingsHeader
  std::vector<std::string> class_names;  // of the logits' columns: config.json's, or LABEL_0, LABEL_1, ...
  std::optional<TrainingSource> training = {};  // of the training images that are shown, if any
  std::string why_no_regions = {};              // see region_classifier.hpp
};

// Of checkpoints `steps`, each file opened once, by rank 0. Collective. InputError where embeddings are
// missing, damaged or of other images than --data gives, of training images, too, where they are shown, and
// where some checkpoints have a classifier and others none.
std::vector<CheckpointSource> read_sources(Session& session, const std::vector<std::int64_t>& steps);

// A warning that names the checkpoints whose model computed in another precision than that of most. Of rank
// 0.
void warn_of_precisions(const Session& session, const std::vector<CheckpointSource>& sources);

// UsageError where embeddings are not all of as many columns, as projections of several checkpoints together
// need it.
void require_equal_width(const std::vector<CheckpointSource>& sources);

}  // namespace zoetrope::pipeline
