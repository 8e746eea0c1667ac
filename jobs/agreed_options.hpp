// SPDX-License-Identifier: Apache-2.0
// The options of a job as all of its ranks have them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zoetrope/comm/world.hpp"

#include "jobs.hpp"
#include "options.hpp"

namespace zoetrope::jobs {

struct AgreedOptions {
  std::optional<Options> options;  // none where some rank failed
  int exit_code = 0;               // then; the same on all ranks
  std::string run_ini;             // the text of RUN/run.ini that they are of; empty where there was none
};

// `arguments`: the command line, the job's name first. Options are read by every rank from the same words and
// from the INI files that rank 0 sees: usually all fail alike, and then all end in order and the first of
// them says why, on standard error and in ended.ini. Collective.
AgreedOptions agree_on_options(comm::World& world, const Job& job, const std::vector<std::string>& arguments);

// Whether RUN/run.ini is another one than `agreed` is of, or none now: to be asked once this job has the run
// to itself, since it may have waited for one that has written it. Collective.
bool is_run_ini_another(comm::World& world, const Job& job, const std::vector<std::string>& arguments,
                        const AgreedOptions& agreed);

}  // namespace zoetrope::jobs
