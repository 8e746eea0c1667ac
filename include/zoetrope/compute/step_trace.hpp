// SPDX-License-Identifier: Apache-2.0
// Steps of a training in the timeline (support/trace.hpp), some of them with all that libtorch does in them:
// its operations on the host and, on a GPU, kernels and copies.
#pragma once

#include <cstdint>

#include "zoetrope/support/range.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::compute {

// The steps, of those that begin afterwards, whose operations are recorded. By default none are.
void trace_operations_of(support::Range steps);
// Of steps that a signal has cut short, what there is of them is recorded.
void end_tracing_operations();

// Lives as long as a step does; steps come in order, in one thread.
class StepTrace {
 public:
  // `last`: the training's last step.
  StepTrace(std::int64_t step, std::int64_t last);
  ~StepTrace();
  StepTrace(const StepTrace&) = delete;
  StepTrace& operator=(const StepTrace&) = delete;

 private:
  const bool is_last_;  // whose operations are recorded
  trace::Span span_;
};

}  // namespace zoetrope::compute
