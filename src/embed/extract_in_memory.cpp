// SPDX-License-Identifier: Apache-2.0
// Embeds with a model that is in memory. Rank 0 gets the rows of all, since the checkpoint's folder, which it
// writes meanwhile, need not be seen by the others yet.
#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/embed/extract.hpp"
#include "zoetrope/support/interruption.hpp"

#include "extractor.hpp"
#include "identity.hpp"
#include "plan.hpp"
#include "sealed.hpp"
#include "stored_classifier.hpp"

namespace zoetrope::embed {

namespace {

at::Tensor as_tensor(const std::vector<float>& values, std::int64_t columns) {
  const auto rows = columns == 0 ? 0 : static_cast<std::int64_t>(values.size()) / columns;
  return at::from_blob(const_cast<float*>(values.data()), {rows, columns}, at::kFloat);
}

std::vector<float> rows_of(const at::Tensor& all, support::Range rows) {
  const float* first = all.const_data_ptr<float>() + rows.begin * all.size(1);
  return {first, first + rows.size() * all.size(1)};
}

// A device is waited for at the end of each piece; on cores that is so whenever their threads wait for one
// another.
std::int64_t blocks_of_piece(const model::Vit& model, std::int64_t block_size) {
  constexpr std::int64_t kImagesOfPiece = 4096;
  if (model.flat().is_cpu()) return blocks_at_once(model.config());
  return std::max<std::int64_t>(1, kImagesOfPiece / block_size);
}

// What a rank embeds of `total` blocks in round `round`, of at most `at_once` blocks a rank.
support::Range blocks_of_round(std::int64_t total, std::int64_t at_once, std::int64_t round, int rank,
                               int size) {
  const support::Range mine = support::share(total, rank, size);
  const std::int64_t begin = std::min(mine.begin + round * at_once, mine.end);
  return {begin, std::min(begin + at_once, mine.end)};
}

// Rank 0's: the rows of one round, of all ranks, to be written when the checkpoint's folder is there.
void write_later(const store::RunDirectory& run, const store::EmbeddingsIdentity& identity,
                 const model::Vit& model, const std::vector<support::Range>& pieces,
                 const at::Tensor& embeddings, const at::Tensor& logits,
                 const model::OnceWritten& once_written) {
  std::int64_t first = 0;
  for (const support::Range piece : pieces) {
    if (piece.empty()) continue;
    const support::Range rows{first, first + piece.size()};
    first = rows.end;
    store::EmbeddedRows part{rows_of(embeddings, rows), rows_of(logits, rows)};
    if (piece.begin == 0) part.classifier = stored_classifier(model);
    const auto bytes =
        static_cast<std::int64_t>(sizeof(float) * (part.embeddings.size() + part.logits.size()));
    once_written(bytes, [folder = run.checkpoint(identity.step), identity, begin = piece.begin,
                         part = std::move(part)](const std::string& digest) {
      store::EmbeddingsIdentity written = identity;
      written.model_digest = digest;
      store::write_shard(folder, written, begin, part);
    });
  }
}

void seal_later(const std::filesystem::path& folder, const store::EmbeddingsIdentity& identity,
                const model::OnceWritten& once_written) {
  once_written(0, [folder, identity](const std::string& digest) {
    store::EmbeddingsIdentity written = identity;
    written.model_digest = digest;
    seal_unless_asked(folder, written);
  });
}

}  // namespace

std::optional<std::int64_t> extract_in_memory(const store::RunDirectory& run,
                                              const model::CheckpointInMemory& checkpoint,
                                              const ExtractionInput& input,
                                              comm::Communicator& communicator) {
  const model::Vit& model = checkpoint.model;
  const auto identity =
      identity_of(checkpoint.step, checkpoint.epoch, model.config(), checkpoint.digest.value_or(""), input);
  const auto folder = run.checkpoint(checkpoint.step);
  const bool is_done = checkpoint.digest && is_embedded(folder, identity);
  if (comm::broadcast_scalar(communicator, is_done ? 1 : 0, 0) != 0) return 0;

  const std::int64_t size = block_size(model.config(), model.flat().device().type());
  // Ranks may have unlike numbers of threads, which this depends on, and go through the same rounds.
  const std::int64_t at_once =
      comm::all_reduce_scalar(communicator, blocks_of_piece(model, size), comm::ReduceOp::kMin);
  const std::int64_t num_rows = identity.num_rows, total = (num_rows + size - 1) / size;
  const std::int64_t most =
      support::share(total, 0, communicator.size()).size();  // the largest of the shares
  for (std::int64_t round = 0; round * at_once < most; ++round) {
    const support::Range mine =
        blocks_of_round(total, at_once, round, communicator.rank(), communicator.size());
    store::EmbeddedRows rows;
    if (!mine.empty()) {
      const support::Interruptible until_asked;
      rows = embed_blocks(model, input.images, input.preprocessor, input.precision, mine.begin, mine.end);
    }
    if (comm::is_asked_to_stop(communicator)) return std::nullopt;  // the rows of this round may not be all
    const at::Tensor embeddings = communicator.gather(as_tensor(rows.embeddings, identity.num_columns), 0);
    const at::Tensor logits = communicator.gather(as_tensor(rows.logits, identity.num_classes), 0);
    if (communicator.rank() != 0) continue;
    std::vector<support::Range> pieces;
    for (int rank = 0; rank < communicator.size(); ++rank) {
      const support::Range blocks = blocks_of_round(total, at_once, round, rank, communicator.size());
      pieces.push_back({std::min(blocks.begin * size, num_rows), std::min(blocks.end * size, num_rows)});
    }
    write_later(run, identity, model, pieces, embeddings, logits, checkpoint.once_written);
  }
  if (communicator.rank() == 0) seal_later(folder, identity, checkpoint.once_written);
  return num_rows;
}

}  // namespace zoetrope::embed
