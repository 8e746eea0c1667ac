// SPDX-License-Identifier: Apache-2.0
#include "frame_reader.hpp"

#include <memory>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>

#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/store/mapped_embeddings.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/mapped_memory.hpp"

namespace zoetrope::pipeline {

std::vector<std::int64_t> labels_of(const data::Dataset& images) {
  std::vector<std::int64_t> labels(static_cast<std::size_t>(images.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = images.label(static_cast<std::int64_t>(i));
  return labels;
}

at::Tensor as_tensor(std::vector<float> values, std::int64_t columns) {
  if (columns == 0) return {};
  const auto owner = std::make_shared<std::vector<float>>(std::move(values));
  return at::from_blob(
      owner->data(), {static_cast<std::int64_t>(owner->size()) / columns, columns}, [owner](void*) {},
      at::kFloat);
}

namespace {

EmbeddedTensors tensors_of(store::Embeddings embeddings, const std::vector<std::int64_t>& columns) {
  analysis::keep_columns(embeddings.logits, embeddings.identity.num_classes, columns);
  return {as_tensor(std::move(embeddings.values), embeddings.identity.num_columns),
          as_tensor(std::move(embeddings.logits), static_cast<std::int64_t>(columns.size())),
          std::move(embeddings.classifier)};
}

using Mapped = std::shared_ptr<const store::MappedEmbeddings>;

at::Tensor view_of(const Mapped& owner, std::span<const float> values, std::int64_t columns) {
  return at::from_blob(
      const_cast<float*>(values.data()), {static_cast<std::int64_t>(values.size()) / columns, columns},
      [owner](void*) {}, at::kFloat);
}

// Some columns of the logits are copied, which are seldom many.
at::Tensor logits_of(const Mapped& mapped, const std::vector<std::int64_t>& columns) {
  const std::int64_t num_classes = mapped->identity().num_classes;
  if (columns.empty()) return {};
  if (analysis::are_all(columns, num_classes)) return view_of(mapped, mapped->logits(), num_classes);
  std::vector<float> kept;
  kept.reserve(static_cast<std::size_t>(mapped->identity().num_rows) * columns.size());
  const std::span<const float> all = mapped->logits();
  for (std::size_t row = 0; row < all.size(); row += static_cast<std::size_t>(num_classes)) {
    for (const std::int64_t column : columns) kept.push_back(all[row + static_cast<std::size_t>(column)]);
    support::keep_mapped_limit();
  }
  return as_tensor(std::move(kept), static_cast<std::int64_t>(columns.size()));
}

}  // namespace

EmbeddedTensors FrameReader::read(std::size_t frame, store::EmbeddedSplit split,
                                  const std::vector<std::int64_t>& columns) const {
  const CheckpointSource& source = sources_[frame];
  const store::EmbeddingsIdentity& expected =
      split == store::EmbeddedSplit::kTrain ? source.training->identity : source.identity;
  const auto folder = run_.checkpoint(expected.step);
  const auto require_expected = [&](const store::EmbeddingsIdentity& found) {
    if (found != expected)
      throw InputError((folder / store::embeddings_file_of(split)).string() +
                       ": was made anew while it was analysed; run zoetrope analyze again");
  };
  if (!is_mapped_) {
    store::Embeddings embeddings = store::read_embeddings(folder, split);
    require_expected(embeddings.identity);
    return tensors_of(std::move(embeddings), columns);
  }
  const auto mapped = std::make_shared<const store::MappedEmbeddings>(folder, split);
  require_expected(mapped->identity());
  return {view_of(mapped, mapped->values(), expected.num_columns), logits_of(mapped, columns),
          mapped->classifier()};
}

at::Tensor FrameReader::rows(std::size_t frame, store::EmbeddedSplit split) const {
  return read(frame, split, {}).rows;
}

at::Tensor FrameReader::training_rows(std::size_t frame) const {
  return sources_[frame].training ? rows(frame, store::EmbeddedSplit::kTrain) : at::Tensor();
}

std::optional<analysis::TrainingImages> FrameReader::training_images(
    std::size_t frame, const std::vector<std::int64_t>& columns, std::span<const std::int64_t> label) const {
  if (!sources_[frame].training) return std::nullopt;
  EmbeddedTensors read = this->read(frame, store::EmbeddedSplit::kTrain, columns);
  return analysis::TrainingImages{std::move(read.rows), std::move(read.logits), label};
}

at::Tensor FrameReader::rows_to_fit(std::size_t frame) const {
  if (fit_on_ == FitOn::kTest) return rows(frame, store::EmbeddedSplit::kTest);
  if (fit_on_ == FitOn::kTrain) return rows(frame, store::EmbeddedSplit::kTrain);
  return at::cat({rows(frame, store::EmbeddedSplit::kTest), rows(frame, store::EmbeddedSplit::kTrain)});
}

}  // namespace zoetrope::pipeline
