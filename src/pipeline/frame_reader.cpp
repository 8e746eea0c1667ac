// SPDX-License-Identifier: Apache-2.0
#include "frame_reader.hpp"

#include <memory>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>

#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::pipeline {

std::vector<std::int64_t> labels_of(const data::Dataset& images) {
  std::vector<std::int64_t> labels(static_cast<std::size_t>(images.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = images.label(static_cast<std::int64_t>(i));
  return labels;
}

at::Tensor rows_of(store::Embeddings& embeddings) {
  const auto values = std::make_shared<std::vector<float>>(std::move(embeddings.values));
  return at::from_blob(
      values->data(), {embeddings.identity.num_rows, embeddings.identity.num_columns}, [values](void*) {},
      at::kFloat);
}

store::Embeddings FrameReader::read(std::size_t frame, store::EmbeddedSplit split) const {
  const CheckpointSource& source = sources_[frame];
  const store::EmbeddingsIdentity& expected =
      split == store::EmbeddedSplit::kTrain ? source.training->identity : source.identity;
  const auto folder = run_.checkpoint(expected.step);
  store::Embeddings embeddings = store::read_embeddings(folder, split);
  if (embeddings.identity != expected)
    throw InputError((folder / store::embeddings_file_of(split)).string() +
                     ": was made anew while it was analysed; run zoetrope analyze again");
  return embeddings;
}

at::Tensor FrameReader::rows(std::size_t frame, store::EmbeddedSplit split) const {
  store::Embeddings embeddings = read(frame, split);
  return rows_of(embeddings);
}

at::Tensor FrameReader::training_rows(std::size_t frame) const {
  return sources_[frame].training ? rows(frame, store::EmbeddedSplit::kTrain) : at::Tensor();
}

std::optional<analysis::TrainingImages> FrameReader::training_images(
    std::size_t frame, const std::vector<std::int64_t>& columns, std::span<const std::int64_t> label) const {
  if (!sources_[frame].training) return std::nullopt;
  store::Embeddings embeddings = read(frame, store::EmbeddedSplit::kTrain);
  analysis::keep_columns(embeddings.logits, embeddings.identity.num_classes, columns);
  return analysis::TrainingImages{rows_of(embeddings), std::move(embeddings.logits), label};
}

at::Tensor FrameReader::rows_to_fit(std::size_t frame) const {
  if (fit_on_ == FitOn::kTest) return rows(frame, store::EmbeddedSplit::kTest);
  if (fit_on_ == FitOn::kTrain) return rows(frame, store::EmbeddedSplit::kTrain);
  return at::cat({rows(frame, store::EmbeddedSplit::kTest), rows(frame, store::EmbeddedSplit::kTrain)});
}

}  // namespace zoetrope::pipeline
