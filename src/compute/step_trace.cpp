// SPDX-License-Identifier: Apache-2.0
// libtorch's own profiler, Kineto. It counts the nanoseconds of the system's clock, from which the timeline's
// differs by a constant for as long as a few steps take.
#include "zoetrope/compute/step_trace.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include "zoetrope/support/log.hpp"

namespace zoetrope::compute {

namespace {

namespace profiler = torch::autograd::profiler;
using torch::profiler::impl::ActivityType;

constexpr std::size_t kMostOperations = 1'000'000;

support::Range wanted_steps;
bool is_profiling = false;
std::int64_t clock_difference = 0;  // from the system's clock to the timeline's

bool has_gpu() {
  return c10::impl::hasDeviceGuardImpl(c10::kCUDA) &&
         c10::impl::VirtualGuardImpl(c10::kCUDA).deviceCount() > 0;
}

// What is queued now is of another step.
void wait_for_gpu() {
  if (!has_gpu()) return;
  const c10::impl::VirtualGuardImpl gpu(c10::kCUDA);
  gpu.synchronizeDevice(gpu.getDevice().index());
}

// Of some tries the one in which nothing came between the clocks.
std::int64_t difference_of_clocks() {
  constexpr int kTries = 10;
  std::int64_t shortest = std::numeric_limits<std::int64_t>::max(), difference = 0;
  for (int i = 0; i < kTries; ++i) {
    const std::int64_t before = trace::now();
    const auto system = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const std::int64_t took = trace::now() - before;
    if (took >= shortest) continue;
    shortest = took;
    difference = before + took / 2 - system.count();
  }
  return difference;
}

void begin_profiling() {
  torch::profiler::impl::ExperimentalConfig how;
  how.profile_all_threads = true;  // the replicas' are OpenMP's
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO,
                                                     /*report_input_shapes=*/false,
                                                     /*profile_memory=*/false, /*with_stack=*/false,
                                                     /*with_flops=*/false, /*with_modules=*/false, how);
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (has_gpu()) activities.insert(ActivityType::CUDA);
  wait_for_gpu();
  profiler::prepareProfiler(config, activities);
  clock_difference = difference_of_clocks();
  profiler::enableProfiler(config, activities);
  is_profiling = true;
}

std::string track_of(const profiler::KinetoEvent& event) {
  if (event.deviceType() == c10::kCPU) return trace::track_of_thread(event.deviceResourceId()) + ": libtorch";
  return "GPU " + std::to_string(event.deviceIndex()) + ", stream " +
         std::to_string(event.deviceResourceId());
}

void end_profiling() {
  is_profiling = false;
  wait_for_gpu();
  const auto result = profiler::disableProfiler();
  std::map<std::string, trace::ForeignTrack> tracks;
  const std::size_t count = std::min(result->events().size(), kMostOperations);
  for (const auto& event : std::span(result->events()).first(count)) {
    trace::ForeignTrack& track = tracks[track_of(event)];
    track.spans.push_back({event.name(), static_cast<std::int64_t>(event.startNs()) + clock_difference,
                           static_cast<std::int64_t>(event.endNs()) + clock_difference});
  }
  if (count < result->events().size())
    support::log_warning("--trace-steps: of " + std::to_string(result->events().size()) +
                         " operations the timeline shows the first " + std::to_string(count) +
                         "; trace fewer steps");
  std::vector<trace::ForeignTrack> all;
  for (auto& [name, track] : tracks) {
    track.name = name;
    all.push_back(std::move(track));
  }
  trace::add_tracks(std::move(all));
}

// A profiler that does not work (no access to the GPU's counters, say) is no reason to end a training.
template <typename Action>
void attempt(const Action& action) {
  try {
    action();
  } catch (const std::exception& error) {
    const std::string reason = error.what();
    support::log_warning("--trace-steps: libtorch's profiler fails: " + reason.substr(0, reason.find('\n')));
    wanted_steps = {};
  }
}

}  // namespace

void trace_operations_of(support::Range steps) {
  wanted_steps = steps;
}

void end_tracing_operations() {
  if (is_profiling) attempt(end_profiling);
}

StepTrace::StepTrace(std::int64_t step, std::int64_t last)
    : is_last_(step == last || step + 1 == wanted_steps.end), span_("step", "step", step) {
  if (!is_profiling && wanted_steps.begin <= step && step < wanted_steps.end) [[unlikely]]
    attempt(begin_profiling);
}

StepTrace::~StepTrace() {
  if (is_last_) end_tracing_operations();
}

}  // namespace zoetrope::compute
