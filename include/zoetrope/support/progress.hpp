// SPDX-License-Identifier: Apache-2.0
// A progress bar with rate and time left, drawn on standard error and only when that is a terminal; to a file
// it writes one log line every 30 s instead, so that a batch job's log shows life without filling up. Where
// there is nothing to do in all, nothing is shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace zoetrope::support {

enum class ProgressStyle { kAuto, kNone };

// Rank 0 sets the style once; kNone silences every bar (--quiet, --no-progress, ranks other than 0).
void set_progress_style(ProgressStyle style);

class Progress {
 public:
  // `total` in `unit`s ("images", "steps", "frames"); `what` names the stage ("embedding").
  Progress(const std::string& what, std::int64_t total, const std::string& unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` units are finished; `note` is shown at the end of the bar ("loss 0.412"). Cheap: draws at most
  // ten times a second.
  void update(std::int64_t done, const std::string& note = {});
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  // "2.0 steps/s  20 s left": of this job's own work. Where it has done none yet, the time since it began.
  std::string pace(bool last) const;
  void draw(const std::string& note, bool last);

  std::string what_;
  std::int64_t total_;
  std::string unit_;
  std::int64_t done_ = 0;
  std::int64_t first_done_ =
      -1;  // the rate is measured from the first update on: resumed work is not counted
  Clock::time_point start_;
  Clock::time_point last_draw_;
  bool enabled_;
  bool terminal_;
  bool finished_ = false;
};

}  // namespace zoetrope::support
