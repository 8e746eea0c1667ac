// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extract.hpp"

#include <chrono>
#include <filesystem>
#include <optional>

#include <ATen/ATen.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/embed/plan.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"

namespace zoetrope::embed {

namespace {

// A shard is written after this many images, so that little is lost when a rank dies.
constexpr std::int64_t kImagesPerShard = 4096;

store::EmbeddingsIdentity identity_of(std::int64_t step, double epoch, const model::VitConfig& config,
                                      const std::string& model_digest, const ExtractionInput& input) {
  store::EmbeddingsIdentity identity;
  identity.step = step;
  identity.epoch = epoch;
  identity.model_digest = model_digest;
  identity.dataset_digest = input.dataset_digest;
  identity.dtype = model::name_of(input.precision);
  identity.num_rows = input.images.labels().size(0);
  identity.num_columns = config.hidden_size;
  identity.num_classes = config.num_labels();
  return identity;
}

// Only where others wrote the files is there anything to read for it.
std::string digest_of(const model::StoredModel& model) {
  const auto digest = model.digest();
  return digest ? *digest : model.read().digest;
}

double epoch_of(const store::RunDirectory& run, std::int64_t step) {
  return store::read_epoch(run.trainer_state(step));
}

// A checkpoint of which only the embeddings are left: they must be of this dataset, and whole.
void require_embeddings(const store::RunDirectory& run, std::int64_t step, const ExtractionInput& input) {
  const auto identity = store::read_identity(run.checkpoint(step));
  if (identity.dataset_digest != input.dataset_digest)
    throw InputError(
        run.embeddings(step).string() +
        ": was made from other images than --data gives, and the model is no longer there to make it again");
}

// Embeds what is missing of one checkpoint on the ranks of `group`, then seals. Collective over `group`.
void embed_checkpoint(const store::RunDirectory& run, const store::EmbeddingsIdentity& identity,
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
    const auto rows =
        embed_blocks(model, input.images, input.preprocessor, input.precision, first, last, on_progress);
    store::write_shard(folder, identity, first * size, rows);
  }
  group.barrier();
  if (group.rank() == 0) store::seal(folder, identity);
  group.barrier();
}

// The ranks that share a checkpoint.
struct Group {
  std::unique_ptr<comm::Communicator> control;
  std::unique_ptr<comm::Communicator> tensors;  // null where models are on CPUs: then control carries them
};

Group make_group(const ExtractionInput& input, comm::Communicator& communicator, int color, bool is_shared) {
  if (!is_shared) return {comm::make_single_communicator(), nullptr};
  return {communicator.split(color), input.tensors == nullptr ? nullptr : input.tensors->split(color)};
}

// What `read` returns. A damaged model ends the job before anything is made of it: embeddings that are there
// already may be the only good ones.
template <typename Read>
auto with_way_out(const store::RunDirectory& run, std::int64_t step, const Read& read) {
  try {
    return read();
  } catch (const InputError& error) {
    if (!std::filesystem::exists(run.embeddings(step))) throw;
    throw InputError(std::string(error.what()) + " (" + run.embeddings(step).string() +
                     " is left as it is; delete the model.safetensors beside it to go on with that)");
  }
}

struct Checkpoint {
  model::Vit model;
  store::EmbeddingsIdentity identity;  // of the embeddings that are to be made
};

// Reads the model of checkpoint `step`; none where its embeddings turn out to be there already, which of
// files without a digest is not known before.
std::optional<Checkpoint> read_checkpoint(const store::RunDirectory& run, std::int64_t step,
                                          const ExtractionInput& input) {
  auto [model, digest] =
      with_way_out(run, step, [&] { return model::StoredModel(run.checkpoint(step)).read(); });
  const auto identity = identity_of(step, epoch_of(run, step), model.config(), digest, input);
  const auto sealed = store::sealed_identity(run.checkpoint(step));
  if (sealed == identity) return std::nullopt;
  if (sealed && sealed->model_digest != identity.model_digest) {
    const bool is_older = !sealed->model_digest.starts_with("xxh3-128:");
    support::log_warning(run.embeddings(step).string() + ": was made " +
                         (is_older ? "by an older zoetrope, which knew weights by another digest"
                                   : "from other weights than the checkpoint holds now") +
                         ", and is made again");
  }
  return Checkpoint{input.device.is_cpu() ? std::move(model) : model.to(input.device), identity};
}

// One rank of a group reads the model; the others get its values.
std::optional<Checkpoint> read_checkpoint(const store::RunDirectory& run, std::int64_t step,
                                          const Group& group, const ExtractionInput& input) {
  std::optional<Checkpoint> checkpoint;
  if (group.control->rank() == 0) checkpoint = read_checkpoint(run, step, input);
  if (group.control->size() == 1) return checkpoint;
  const std::string digest =
      comm::broadcast_string(*group.control, checkpoint ? checkpoint->identity.model_digest : "", 0);
  if (digest.empty()) return std::nullopt;
  if (!checkpoint) {
    const auto path = run.checkpoint(step) / "config.json";
    const auto config = model::VitConfig::from_json(support::read_json(path), path.string());
    checkpoint = Checkpoint{model::Vit(config, input.device),
                            identity_of(step, epoch_of(run, step), config, digest, input)};
  }
  (group.tensors ? *group.tensors : *group.control).broadcast(checkpoint->model.flat(), 0);
  return checkpoint;
}

// Whether the model of checkpoint `step` must be read to embed with it, or, where its files carry no digest,
// to know whether that is done. Where it is done, a model with a digest is read now.
bool needs_reading(const store::RunDirectory& run, std::int64_t step, const ExtractionInput& input) {
  const auto folder = run.checkpoint(step);
  const auto model = with_way_out(run, step, [&] { return model::StoredModel(folder); });
  const auto digest = model.digest();
  if (!digest) return true;
  const auto identity = identity_of(step, epoch_of(run, step), model.config(), *digest, input);
  if (!store::is_sealed(folder, identity)) return true;
  with_way_out(run, step, [&] { model.verify(); });
  return false;
}

// The checkpoints whose models are still to be read. Each rank looks at its share.
std::vector<std::size_t> find_work(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                                   const ExtractionInput& input, comm::Communicator& communicator) {
  at::Tensor needed = at::zeros({static_cast<std::int64_t>(steps.size())}, at::kLong);
  for (auto i = static_cast<std::size_t>(communicator.rank()); i < steps.size();
       i += static_cast<std::size_t>(communicator.size())) {
    if (!model::has_weights(run.checkpoint(steps[i]))) {
      require_embeddings(run, steps[i], input);
      continue;
    }
    if (needs_reading(run, steps[i], input)) needed[static_cast<std::int64_t>(i)] = 1;
  }
  communicator.all_reduce(needed, comm::ReduceOp::kMax);
  std::vector<std::size_t> work;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (needed[static_cast<std::int64_t>(i)].item<std::int64_t>() != 0) work.push_back(i);
  return work;
}

}  // namespace

ExtractionResult extract(const store::RunDirectory& run, const std::vector<std::int64_t>& steps,
                         const ExtractionInput& input, comm::Communicator& communicator) {
  const auto start = std::chrono::steady_clock::now();
  const auto work = find_work(run, steps, input, communicator);
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
  for (const Assignment& round : rounds) {
    comm::stop_if_asked(communicator, "embeddings so far are kept; run the same command again to go on");
    const std::int64_t step = steps[work[round.item]];
    if (input.on_stage) input.on_stage("embedding with checkpoint-" + std::to_string(step));
    // Whether ranks are alone in this round is the same for all of them.
    const bool shared =
        rounds.back().item == round.item && work.size() % static_cast<std::size_t>(communicator.size()) != 0;
    const Group group = make_group(input, communicator, round.group, shared);
    const auto checkpoint = read_checkpoint(run, step, group, input);
    if (input.on_model_read) input.on_model_read();
    if (!checkpoint) continue;
    embed_checkpoint(run, checkpoint->identity, checkpoint->model, input, *group.control, on_progress);
    if (group.control->rank() == 0) embedded += num_images;
  }
  embedded = comm::all_reduce_scalar(communicator, embedded, comm::ReduceOp::kSum);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {embedded, seconds};
}

void extract_in_situ(const store::RunDirectory& run, std::int64_t step, double epoch, const model::Vit& model,
                     const ExtractionInput& input, comm::Communicator& communicator) {
  std::string digest;
  if (communicator.rank() == 0) digest = digest_of(model::StoredModel(run.checkpoint(step)));
  digest = comm::broadcast_string(communicator, digest, 0);
  const auto identity = identity_of(step, epoch, model.config(), digest, input);
  const bool sealed = communicator.rank() == 0 && store::is_sealed(run.checkpoint(step), identity);
  if (comm::broadcast_scalar(communicator, sealed ? 1 : 0, 0) != 0) return;
  embed_checkpoint(run, identity, model, input, communicator, {});
}

}  // namespace zoetrope::embed
