// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extract.hpp"

#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/files.hpp"

#include "extraction_input.hpp"
#include "run_folder.hpp"

namespace zoetrope::pipeline {

namespace {

// What a kill in the middle of a sealing has left.
void sweep(const Session& session, store::EmbeddedSplit split) {
  if (!session.is_root()) return;
  for (const std::int64_t step : session.run().checkpoint_steps()) {
    support::remove_leftovers(session.run().checkpoint(step));
    store::remove_shards(session.run().checkpoint(step), split);
  }
}

void extract_split(Session& session, const std::vector<std::int64_t>& steps, store::EmbeddedSplit split) {
  if (steps.empty()) return sweep(session, split);
  embed::ExtractionInput input = extraction_input(session, split);
  input.on_stage = [&](const std::string& stage) { session.set_stage(stage); };
  input.on_model_read = [&] { session.keep_options(); };
  const auto result = embed::extract(session.run(), steps, input, session.communicator());
  session.add_stage({"embedding", result.seconds, result.images, "images"});
  sweep(session, split);
}

}  // namespace

void extract(Session& session) {
  auto steps = session.checkpoint_steps();
  if (steps.empty()) refuse_without_checkpoints(session.run().root);
  if (session.is_root()) warn_of_other_checkpoints(session.run().root);
  std::erase_if(steps, [&](std::int64_t step) { return session.embedded().contains(step); });
  const bool leaves_test_images =
      !session.options().trains && session.options().embedding.split == SplitChoice::kTrain;
  for (const store::EmbeddedSplit split : splits_of(session))
    if (split == store::EmbeddedSplit::kTrain || !leaves_test_images) extract_split(session, steps, split);
}

}  // namespace zoetrope::pipeline
