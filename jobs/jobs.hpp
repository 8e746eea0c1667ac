// SPDX-License-Identifier: Apache-2.0
// The jobs: each declares what options it takes and strings rooms together.
#pragma once

#include <string>
#include <vector>

#include "zoetrope/embed/extract.hpp"

#include "context.hpp"

namespace zoetrope::jobs {

// What the extraction of the test images takes, but for on_stage.
embed::ExtractionInput extraction_input(Context& context);

// The stages, as functions of the shared context. Collective.
void finetune(Context& context);
void extract(Context& context);
void analyze(Context& context);
void render(Context& context);
void review(Context& context);
void review_live(Context& context);  // until a signal comes
void run(Context& context);

// What a checkpoint, embeddings.h5, analysis.h5 or run directory holds, to standard output. Not collective.
void inspect(const std::string& path);

// Versions of zoetrope and its libraries, one a line.
std::string version_text();

struct Job {
  std::string name;
  std::string purpose;
  unsigned groups;
  void (*stage)(Context&);
};
const std::vector<Job>& all_jobs();

}  // namespace zoetrope::jobs
