// SPDX-License-Identifier: Apache-2.0
// What was recorded (trace.hpp) in the Trace Event Format, JSON, which ui.perfetto.dev and chrome://tracing
// open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "zoetrope/support/deflate.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/new_file.hpp"

namespace zoetrope::trace {

// How far another process's clock is ahead of this one's, at a time of this one's.
struct ClockLead {
  std::int64_t at = 0;
  std::int64_t lead = 0;
};

// From this process's clock to the timeline's. Clocks of two hosts do not run equally fast: between two times
// at which they were compared the lead changes evenly.
struct TimeScale {
  ClockLead first, last;
  std::int64_t origin = 0;  // of the timeline, on the other process's clock

  std::int64_t operator()(std::int64_t time) const;
};

struct Process {
  int rank = 0;
  std::string host;
  TimeScale scale;
};

// What this process has recorded, as events with commas between them. Spans that have not ended reach to now.
// From any thread, also while others record.
std::string timeline_events(const Process& process);

// Spans that were dropped for want of room.
std::int64_t dropped_spans();

// The file of a timeline: packed with gzip where its name ends in .gz.
class TimelineFile {
 public:
  // RunError where it cannot be written.
  explicit TimelineFile(const std::filesystem::path& path);
  // `events` as timeline_events() gives them.
  void add(std::string_view events);
  void commit();

 private:
  void write(std::string_view text, bool last = false);

  support::AtomicPath atomic_;
  support::NewFile file_;
  std::unique_ptr<support::Deflater> deflater_;  // null: not packed
  bool is_empty_ = true;
};

}  // namespace zoetrope::trace
