// SPDX-License-Identifier: Apache-2.0
// The jobs: each declares what options it takes and strings rooms together.
#pragma once

#include <string>
#include <vector>

#include "zoetrope/pipeline/stages.hpp"

namespace zoetrope::jobs {

// What a checkpoint, embeddings.h5, analysis.h5 or run directory holds, to standard output. Not collective.
void inspect(const std::string& path);

// Whether the files of `path` are whole, a line for each that is not, to standard output; InputError then.
void inspect_verify(const std::string& path);

// Versions of zoetrope and its libraries, one a line.
std::string version_text();

struct Job {
  std::string name;
  std::string purpose;
  unsigned groups;
  void (*stage)(pipeline::Session&);
};
const std::vector<Job>& all_jobs();

}  // namespace zoetrope::jobs
