// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extract.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>

#include <ATen/ATen.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress.hpp"

#include "extractor.hpp"
#include "plan.hpp"
#include "sealed.hpp"
#include "stored_checkpoints.hpp"
#include "stored_classifier.hpp"

namespace zoetrope::embed {

namespace {

// A shard is written after this many images, so that little is lost when a rank dies.
constexpr std::int64_t kImagesPerShard = 4096;

constexpr const char* kKept = "embeddings so far are kept; run the same command again to go on";
constexpr const char* kNothingTrained = "nothing is trained; run the same command again";

// Embeds what is missing of one checkpoint on the ranks of `group`, then seals. Collective over `group`.
// False after a signal to one of them: shards hold what is done.
bool embed_checkpoint(const store::RunDirectory& run, const store::EmbeddingsIdentity& identity,
                      const model::Vit& model, const ExtractionInput& input, comm::Communicator& group,
                      const std::function<void(std::int64_t)>& on_progress) {
  const auto folder = run.checkpoint(identity.step);
  // The group's first rank looks at the shards (and deletes stale ones); the others learn what it found.
  at::Tensor missing;
  if (group.rank() == 0) {
    support::remove_leftovers(folder);
    const auto ranges = store::missing_rows(identity.num_rows, store::collect_shards(folder, identity));
    missing = at::empty({static_cast<std::int64_t>(ranges.size()), 2}, at::kLong);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      missing[static_cast<std::int64_t>(i)][0] = ranges[i].begin;
      missing[static_cast<std::int64_t>(i)][1] = ranges[i].end;
    }
  }
  const std::int64_t count = comm::broadcast_scalar(group, group.rank() == 0 ? missing.size(0) : 0, 0);
  if (group.rank() != 0) missing = at::empty({count, 2}, at::kLong);
  group.broadcast(missing, 0);
  std::vector<support::Range> ranges;
  for (std::int64_t i = 0; i < count; ++i)
    ranges.push_back({missing[i][0].item<std::int64_t>(), missing[i][1].item<std::int64_t>()});

  const std::int64_t size = block_size(model.config(), model.flat().device().type());
  const auto mine = share_blocks(blocks_of(ranges, size, std::max<std::int64_t>(1, kImagesPerShard / size)),
                                 group.rank(), group.size());
  for (const auto& [first, last] : mine) {
    const support::Interruptible until_asked;
    auto rows =
        embed_blocks(model, input.images, input.preprocessor, input.precision, first, last, on_progress);
    if (first == 0) rows.classifier = stored_classifier(model);
    if (!rows.embeddings.empty()) store::write_shard(folder, identity, first * size, rows);
    if (support::must_stop()) break;
  }
  if (comm::is_asked_to_stop(group)) return false;
  if (group.rank() == 0) seal_unless_asked(folder, identity);
  return !comm::is_asked_to_stop(group);
}

Group make_group(const ExtractionInput& input, comm::Communicator& communicator, int color, bool is_shared) {
  if (!is_shared) return {comm::make_single_communicator(), nullptr};
  return {communicator.split(color), input.tensors == nullptr ? nullptr : input.tensors->split(color)};
}

// Does `work` for each place in `steps` that is this rank's. Collective.
void for_my_share(const std::vector<std::int64_t>& steps, comm::Communicator& communicator,
                  const char* what_now, const std::function<void(std::size_t)>& work) {
  comm::do_unless_asked(communicator, what_now, [&] {
    for (auto i = static_cast<std::size_t>(communicator.rank()); i < steps.size();
         i += static_cast<std::size_t>(communicator.size())) {
      support::stop_point();
      work(i);
    }
  });
}

// The checkpoints whose models are still to be read. Each rank looks at its share.
std::vector<std::size_t> find_work(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                                   const ExtractionInput& input, const StoredCheckpoints& stored,
                                   comm::Communicator& communicator) {
  at::Tensor needed = at::zeros({static_cast<std::int64_t>(steps.size())}, at::kLong);
  for_my_share(steps, communicator, kKept, [&](std::size_t i) {
    if (!model::has_weights(run.checkpoint(steps[i]))) {
      require_embeddings(run, steps[i], input);
    } else if (stored.needs_reading(steps[i])) {
      needed[static_cast<std::int64_t>(i)] = 1;
    }
  });
  communicator.all_reduce(needed, comm::ReduceOp::kMax);
  std::vector<std::size_t> work;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (needed[static_cast<std::int64_t>(i)].item<std::int64_t>() != 0) work.push_back(i);
  return work;
}

}  // namespace

void require_embeddable(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                        const ExtractionInput& input, comm::Communicator& communicator) {
  for_my_share(steps, communicator, kNothingTrained, [&](std::size_t i) {
    const auto folder = run.checkpoint(steps[i]);
    if (!model::has_weights(folder)) {
      require_embeddings(run, steps[i], input);
    } else if (!store::is_seal_finished(folder, input.split)) {
      model::StoredModel(folder, input.base).verify();
    }
  });
}

ExtractionResult extract(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                         const ExtractionInput& input, comm::Communicator& communicator) {
  const auto start = std::chrono::steady_clock::now();
  StoredCheckpoints stored(run, input);
  const auto work = find_work(run, steps, input, stored, communicator);
  const auto rounds = deal(work.size(), communicator.rank(), communicator.size());
  const auto num_images = input.images.labels().size(0);
  const auto total = static_cast<std::int64_t>(work.size()) * num_images;

  // The bar shows rank 0's part scaled up: all ranks have the same amount of work.
  support::Progress progress("embedding", total, "images");
  progress.update(0);
  double done = 0;
  const auto on_progress = [&](std::int64_t images) {
    done += static_cast<double>(images) * communicator.size();
    progress.update(std::min(total, static_cast<std::int64_t>(done)));
  };
  std::int64_t embedded = 0;  // by groups of which this rank is the first
  for (auto round = rounds.begin(); round != rounds.end(); ++round) {
    comm::stop_if_asked(communicator, kKept);
    const std::int64_t step = steps[work[round->item]];
    if (input.on_stage) input.on_stage("embedding with checkpoint-" + std::to_string(step));
    // Whether ranks are alone in this round is the same for all of them.
    const bool shared =
        round + 1 == rounds.end() && work.size() % static_cast<std::size_t>(communicator.size()) != 0;
    const Group group = make_group(input, communicator, round->group, shared);
    const auto checkpoint = stored.take(step, group);
    if (input.on_model_read) input.on_model_read();
    if (round + 1 != rounds.end() && round[1].group_rank == 0) stored.prefetch(steps[work[round[1].item]]);
    if (!checkpoint) continue;
    if (!embed_checkpoint(run, checkpoint->identity, checkpoint->model, input, *group.control, on_progress))
      break;  // the others hear of it at their next round, or below
    if (group.control->rank() == 0) embedded += num_images;
  }
  comm::stop_if_asked(communicator, kKept);
  embedded = comm::all_reduce_scalar(communicator, embedded, comm::ReduceOp::kSum);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {embedded, seconds};
}

}  // namespace zoetrope::embed
