// SPDX-License-Identifier: Apache-2.0
// The classifiers whose decision regions a picture can have: those that take what is embedded and nothing
// else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/analysis/regions.hpp"
#include "zoetrope/model/config.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

// Why there are no decision regions, as a sentence goes on after "--regions on: "; "" where there are.
std::string why_no_regions(const model::VitConfig& config);
std::string why_no_regions(const Session& session, const store::EmbeddingsHeader& of);
// The first reason of any; that of all where class_columns() found none.
std::string why_no_regions(const std::vector<CheckpointSource>& sources,
                           const std::vector<std::int64_t>& columns);

// The classifier that is `stored` beside the checkpoint's embeddings, its rows those at `columns`. Embeddings
// of older versions have none: then the model's, or NaN, with a warning, where that is damaged or no longer
// the one that the embeddings are of.
analysis::LinearClassifier classifier_of(const Session& session, const store::EmbeddingsIdentity& of,
                                         const store::Classifier& stored,
                                         const std::vector<std::int64_t>& columns);

// UsageErrors of --regions on where there are none, with the reason and what to do: before a training of this
// model, before an analysis, and of one that is there. Nothing without --regions on.
void require_regions(const Options& options, const model::VitConfig& config);
void require_regions(const Session& session, const std::vector<CheckpointSource>& sources);
void require_regions(const Session& session, const store::Analysis& analysis);

}  // namespace zoetrope::pipeline
