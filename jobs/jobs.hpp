// SPDX-License-Identifier: Apache-2.0
// The jobs: each declares what options it takes and strings rooms together.
#pragma once

#include <string>
#include <vector>

#include "zoetrope/pipeline/stages.hpp"

namespace zoetrope::jobs {

// zoetrope inspect with these words: its help, or one of the two below. UsageError on others.
void look_into(std::vector<std::string> words);
// What a checkpoint, embeddings.h5, analysis.h5 or run directory holds, to standard output. Not collective.
void inspect(const std::string& path);

// Whether the files of `path` are whole, a line for each that is not, to standard output; InputError then.
void inspect_verify(const std::string& path);

// Versions of zoetrope and its libraries, one a line.
std::string version_text();

inline constexpr const char* kDoctor = "doctor";
inline constexpr const char* kDoctorPurpose =
    "looks at hosts, network, file system and settings, as a job would find them; ends within a minute";
// What it takes, for its --help.
std::string doctor_help();
// Looks at all that a job of these ranks stands on, and prints what it finds. Returns the exit code: done, or
// failed where something is wrong. Collective: every rank's main() calls it before MPI has started.
int doctor(int& argc, char**& argv);

struct Job {
  std::string name;
  std::string purpose;
  unsigned groups;
  void (*stage)(pipeline::Session&);
};
const std::vector<Job>& all_jobs();

}  // namespace zoetrope::jobs
