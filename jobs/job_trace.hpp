// SPDX-License-Identifier: Apache-2.0
// --trace FILE: the timeline of a job.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/support/timeline.hpp"

#include "options.hpp"

namespace zoetrope::jobs {

class JobTrace {
 public:
  // Starts recording on every rank; `since`: when this process began. RunError where the file cannot be
  // written. Collective. `world` outlives this.
  JobTrace(comm::World& world, const Options& options, std::int64_t since);
  ~JobTrace();
  JobTrace(const JobTrace&) = delete;
  JobTrace& operator=(const JobTrace&) = delete;

  // Writes what all ranks have recorded. Collective.
  void write();
  // Writes what rank 0 has recorded, on that rank: where others do not come any more. From any thread; an
  // error is said and nothing more.
  void write_own() noexcept;

 private:
  trace::ClockLead compare_clocks();
  trace::Process describe(const trace::ClockLead& last) const;

  comm::World& world_;
  std::filesystem::path path_;
  trace::ClockLead first_;
  std::int64_t origin_ = 0;
  std::mutex mutex_;  // of what follows, and while a file is written
  bool is_written_ = false;
};

}  // namespace zoetrope::jobs
