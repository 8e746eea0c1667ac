// SPDX-License-Identifier: Apache-2.0
#include "job_trace.hpp"

#include <exception>
#include <optional>
#include <string>

#include <ATen/ops/from_blob.h>

#include "zoetrope/compute/step_trace.hpp"
#include "zoetrope/support/terminal.hpp"
#include "zoetrope/support/trace.hpp"

namespace zoetrope::jobs {

JobTrace::JobTrace(comm::World& world, const Options& options, std::int64_t since)
    : world_(world), path_(options.trace), first_(compare_clocks()) {
  origin_ = comm::all_reduce_scalar(world.communicator(), since + first_.lead, comm::ReduceOp::kMin);
  trace::start_recording(since, options.pipeline.run);
  compute::trace_operations_of(options.trace_steps);
  if (world.rank() != 0) return;
  // Now rather than at the end of a long job it shows whether that can be done.
  trace::TimelineFile(path_).commit();
  world.set_last_words([this](const std::string&) { write_own(); });
}

JobTrace::~JobTrace() {
  world_.set_last_words({});
}

trace::ClockLead JobTrace::compare_clocks() {
  const std::int64_t lead = world_.clock_lead(trace::now);
  return {trace::now(), lead};
}

trace::Process JobTrace::describe(const trace::ClockLead& last) const {
  return {world_.rank(), world_.host(), {first_, last, origin_}};
}

void JobTrace::write() {
  compute::end_tracing_operations();
  const trace::ClockLead last = compare_clocks();
  trace::stop_recording();
  const std::lock_guard lock(mutex_);
  is_written_ = true;
  std::optional<trace::TimelineFile> file;
  if (world_.rank() == 0) file.emplace(path_);
  // One rank's at a time, so that rank 0 needs memory for one.
  std::string mine = trace::timeline_events(describe(last));
  for (int rank = 0; rank < world_.size(); ++rank) {
    const std::int64_t bytes = rank == world_.rank() ? std::ssize(mine) : 0;
    const at::Tensor events = world_.communicator().gather(at::from_blob(mine.data(), {bytes}, at::kByte), 0);
    if (file) file->add({static_cast<const char*>(events.const_data_ptr()), events.nbytes()});
  }
  if (file) file->commit();
}

void JobTrace::write_own() noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (is_written_) return;
    trace::TimelineFile file(path_);
    file.add(trace::timeline_events(describe(first_)));
    file.commit();
  } catch (const std::exception& error) {
    support::print_error_line(std::string("no timeline: ") + error.what());
  }
}

}  // namespace zoetrope::jobs
