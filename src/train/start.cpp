// SPDX-License-Identifier: Apache-2.0
#include "start.hpp"

#include <filesystem>
#include <string>
#include <system_error>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::train {

namespace fs = std::filesystem;

namespace {

// What rank 0 saw: where to start, and the checkpoints after that, which training would write over.
struct Found {
  Start start;
  std::int64_t first_lost = -1;
  std::int64_t newest_lost = -1;  // -1: there are none
};

// A folder that cannot be read is not known to be empty.
bool holds_nothing(const fs::path& folder) {
  std::error_code error;
  const bool empty = fs::is_empty(folder, error);
  return empty && !error;
}

Found look(const store::RunDirectory& run, std::int64_t max_steps) {
  Found found;
  const auto steps = run.checkpoint_steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const bool has_optimizer = *step > 0 && fs::exists(run.optimizer(*step));
    // The last step of all, and the newest: nothing is left to train.
    const bool is_done = *step == max_steps && found.newest_lost < 0;
    if ((*step == 0 || has_optimizer || is_done) && model::has_weights(run.checkpoint(*step))) {
      found.start = {*step, has_optimizer};
      return found;
    }
    if (holds_nothing(run.checkpoint(*step))) continue;
    if (found.newest_lost < 0) found.newest_lost = *step;
    found.first_lost = *step;
  }
  return found;
}

[[noreturn]] void refuse(const store::RunDirectory& run, const Found& found) {
  const auto name = [](std::int64_t step) { return "checkpoint-" + std::to_string(step); };
  const std::string again = found.start.step < 0 ? "delete its checkpoint folders to train from the beginning"
                                                 : "delete the folders from " + name(found.first_lost) +
                                                       " on to train again from " + name(found.start.step);
  throw UsageError(run.checkpoint(found.newest_lost).string() +
                   " lacks its weights or optimizer.safetensors, so training cannot go on from it and would "
                   "replace it: give another --run, or use zoetrope extract, analyze and render for the "
                   "checkpoints as they are, or " +
                   again);
}

}  // namespace

bool is_same_model(const model::Vit& a, const model::Vit& b) {
  const model::VitConfig &one = a.config(), &other = b.config();
  return a.flat().numel() == b.flat().numel() && one.family == other.family &&
         one.num_attention_heads == other.num_attention_heads && one.image_size == other.image_size &&
         one.patch_size == other.patch_size && one.hidden_act == other.hidden_act &&
         one.layer_norm_eps == other.layer_norm_eps && one.id2label == other.id2label;
}

Start agree_on_start(const store::RunDirectory& run, std::int64_t max_steps, comm::Communicator& control) {
  Found found;
  if (control.rank() == 0) {
    std::error_code error;
    fs::create_directories(run.root, error);
    if (error) throw RunError(run.root.string() + ": cannot be created: " + error.message());
    found = look(run, max_steps);
  }
  for (std::int64_t* value : {&found.start.step, &found.first_lost, &found.newest_lost})
    *value = comm::broadcast_scalar(control, *value, 0);
  found.start.has_optimizer = comm::broadcast_scalar(control, found.start.has_optimizer ? 1 : 0, 0) != 0;
  if (found.newest_lost >= 0) refuse(run, found);
  return found.start;
}

}  // namespace zoetrope::train
