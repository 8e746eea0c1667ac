// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/pipeline/options.hpp"

namespace zoetrope::jobs {

// UsageError where --data or --images names no kind of data, or other options do not go with it: as far as no
// file has to be looked at, since this may be another host than the job's.
void check_data_choice(const pipeline::Options& options);

}  // namespace zoetrope::jobs
