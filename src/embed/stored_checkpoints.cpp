// SPDX-License-Identifier: Apache-2.0
#include "stored_checkpoints.hpp"

#include <filesystem>
#include <string>
#include <utility>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "identity.hpp"
#include "sealed.hpp"

namespace zoetrope::embed {

namespace {

// What `read` returns. A damaged model ends the job before anything is made of it: embeddings that are there
// already may be the only good ones.
template <typename Read>
auto with_way_out(const std::filesystem::path& embeddings, const Read& read) {
  try {
    return read();
  } catch (const InputError& error) {
    if (!support::is_listed(embeddings)) throw;
    throw InputError(std::string(error.what()) + " (" + embeddings.string() +
                     " is left as it is; delete the model.safetensors beside it to go on with that)");
  }
}

}  // namespace

std::filesystem::path StoredCheckpoints::path_of(std::int64_t step) const {
  return run_.checkpoint(step) / store::embeddings_file_of(input_.split);
}

bool StoredCheckpoints::needs_reading(std::int64_t step) const {
  const auto folder = run_.checkpoint(step);
  const auto model = with_way_out(path_of(step), [&] { return model::StoredModel(folder, input_.base); });
  const auto digest = model.digest();
  if (!digest) return true;
  const auto identity = identity_of(step, store::epoch_of(run_, step), model.config(), *digest, input_);
  if (!store::is_sealed(folder, identity)) return true;
  with_way_out(path_of(step), [&] { model.verify(); });
  return !is_embedded(folder, identity);
}

// On one rank, and on the CPU.
std::optional<StoredCheckpoint> StoredCheckpoints::read(std::int64_t step) const {
  const support::Interruptible until_asked;
  auto [model, digest] = with_way_out(
      path_of(step), [&] { return model::StoredModel(run_.checkpoint(step), input_.base).read(); });
  const auto identity = identity_of(step, store::epoch_of(run_, step), model.config(), digest, input_);
  if (is_embedded(run_.checkpoint(step), identity)) return std::nullopt;
  const auto sealed = store::sealed_identity(run_.checkpoint(step), input_.split);
  if (sealed && sealed->model_digest != identity.model_digest) {
    const bool is_older = !sealed->model_digest.starts_with("xxh3-128:");
    support::log_warning(path_of(step).string() + ": was made " +
                         (is_older ? "by an older zoetrope, which knew weights by another digest"
                                   : "from other weights than the checkpoint holds now") +
                         ", and is made again");
  }
  return StoredCheckpoint{std::move(model), identity};
}

void StoredCheckpoints::prefetch(std::int64_t step) {
  next_step_ = step;
  next_ = std::async(std::launch::async, [this, step] { return read(step); });
}

std::optional<StoredCheckpoint> StoredCheckpoints::take(std::int64_t step, const Group& group) {
  std::optional<StoredCheckpoint> checkpoint;
  if (group.control->rank() == 0) {
    try {
      checkpoint = next_.valid() && next_step_ == step ? next_.get() : read(step);
    } catch (const Interrupted&) {
      // The other ranks hear of it where the next one would be taken.
    }
    if (checkpoint && !input_.device.is_cpu()) checkpoint->model = checkpoint->model.to(input_.device);
  }
  if (group.control->size() == 1) return checkpoint;
  const std::string digest =
      comm::broadcast_string(*group.control, checkpoint ? checkpoint->identity.model_digest : "", 0);
  if (digest.empty()) return std::nullopt;
  if (!checkpoint) {
    const auto config = model::read_config(run_.checkpoint(step), input_.base);
    checkpoint = StoredCheckpoint{model::Vit(config, input_.device),
                                  identity_of(step, store::epoch_of(run_, step), config, digest, input_)};
  }
  (group.tensors ? *group.tensors : *group.control).broadcast(checkpoint->model.flat(), 0);
  return checkpoint;
}

}  // namespace zoetrope::embed
