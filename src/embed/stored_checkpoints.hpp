// SPDX-License-Identifier: Apache-2.0
// The checkpoints of a run as an extraction takes them, one after the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/embed/extract.hpp"

namespace zoetrope::embed {

// The ranks that share a checkpoint.
struct Group {
  std::unique_ptr<comm::Communicator> control;
  std::unique_ptr<comm::Communicator> tensors;  // null where models are on CPUs: then control carries them
};

struct StoredCheckpoint {
  model::Vit model;
  store::EmbeddingsIdentity identity;  // of the embeddings that are to be made
};

class StoredCheckpoints {
 public:
  StoredCheckpoints(const store::RunDirectory& run, const ExtractionInput& input)
      : run_(run), input_(input) {}

  // Whether the model of checkpoint `step` must be read to embed with it, or, where its files carry no
  // digest, to know whether that is done. Where it is done, a model with a digest is read now.
  bool needs_reading(std::int64_t step) const;
  // Begins to read that model, beside what the caller computes: the next one that it will take.
  void prefetch(std::int64_t step);
  // One rank of a group reads the model; the others get its values. None where its embeddings turn out to be
  // there already, which of files without a digest is not known before, and after a signal to that rank.
  // Collective over the group.
  std::optional<StoredCheckpoint> take(std::int64_t step, const Group& group);

 private:
  std::optional<StoredCheckpoint> read(std::int64_t step) const;
  std::filesystem::path path_of(std::int64_t step) const;  // of the embeddings

  const store::RunDirectory& run_;
  const ExtractionInput& input_;
  std::int64_t next_step_ = -1;
  std::future<std::optional<StoredCheckpoint>> next_;
};

}  // namespace zoetrope::embed
