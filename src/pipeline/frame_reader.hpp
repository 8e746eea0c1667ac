// SPDX-License-Identifier: Apache-2.0
// The embeddings of a run's checkpoints, as an analysis asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/analysis/training.hpp"
#include "zoetrope/data/dataset.hpp"
#include "zoetrope/pipeline/options.hpp"
#include "zoetrope/store/run_directory.hpp"

#include "checkpoint_source.hpp"

namespace zoetrope::pipeline {

std::vector<std::int64_t> labels_of(const data::Dataset& images);

// Rows of so many columns; undefined where there are none.
at::Tensor as_tensor(std::vector<float> values, std::int64_t columns);

// Float32 [N, D] and [N, columns]; the latter undefined where there are none.
struct EmbeddedTensors {
  at::Tensor rows, logits;
  store::Classifier classifier;
};

class FrameReader {
 public:
  // `is_mapped`: tensors are the files' memory (store::MappedEmbeddings), and must not be written to.
  FrameReader(const store::RunDirectory& run, const std::vector<CheckpointSource>& sources, FitOn fit_on,
              bool is_mapped)
      : run_(run), sources_(sources), fit_on_(fit_on), is_mapped_(is_mapped) {}

  // With those columns of the logits. InputError where they are not what they were when the sources were
  // read: a job beside this one may have embedded again.
  EmbeddedTensors read(std::size_t frame, store::EmbeddedSplit split,
                       const std::vector<std::int64_t>& columns) const;
  at::Tensor rows(std::size_t frame, store::EmbeddedSplit split) const;
  at::Tensor training_rows(std::size_t frame) const;  // undefined where no training images are shown
  // None where no training images are shown. `label` must outlive the result.
  std::optional<analysis::TrainingImages> training_images(std::size_t frame,
                                                          const std::vector<std::int64_t>& columns,
                                                          std::span<const std::int64_t> label) const;
  at::Tensor rows_to_fit(std::size_t frame) const;  // what PCA is fitted on

 private:
  const store::RunDirectory& run_;
  const std::vector<CheckpointSource>& sources_;
  FitOn fit_on_;
  bool is_mapped_;
};

}  // namespace zoetrope::pipeline
