// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "zoetrope/pipeline/stages.hpp"

#include "analysis_ahead.hpp"
#include "page_content.hpp"

namespace zoetrope::pipeline {

void run(Session& session) {
  // What is wrong with the images is found before the training.
  session.require_same_classes();
  if (session.shows_training()) session.train_sample();  // by all ranks
  {
    std::optional<AnalysisAhead> ahead;
    if (works_beside(session)) {
      begin_page_images(session);
      ahead.emplace(session);
    }
    finetune_and_embed(
        session, ahead ? [&](std::int64_t step) { ahead->add(step); } : std::function<void(std::int64_t)>());
    if (ahead) session.set_stage("finishing the analysis beside the training");
  }
  extract(session);
  analyze(session);
  render(session);
  review(session);
}

}  // namespace zoetrope::pipeline
