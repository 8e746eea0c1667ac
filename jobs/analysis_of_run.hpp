// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zoetrope/store/analysis_file.hpp"

#include "context.hpp"

namespace zoetrope::jobs {

// Everything that is computed from the embeddings of checkpoints `steps`, dealt to the ranks. Collective; the
// result is on rank 0, elsewhere it is empty. Throws Interrupted on every rank after a signal on any.
store::Analysis analyze_steps(Context& context, const std::vector<std::int64_t>& steps);

// What the columns of a checkpoint's logits stand for: as its config.json says, or numbers where it does not.
std::vector<std::string> classes_of_checkpoint(const store::RunDirectory& run, std::int64_t step,
                                               std::int64_t num_classes);

// The run's analysis.h5. Throws InputError where it is of other images than --data gives.
store::Analysis analysis_of_run(Context& context);

}  // namespace zoetrope::jobs
