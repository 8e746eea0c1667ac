// SPDX-License-Identifier: Apache-2.0
// What was logged while training. log.csv: a header, then one line per logging step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::store {

struct LossRecord {
  std::int64_t step = 0;
  double epoch = 0;
  double loss = 0;           // mean of the steps' losses since the last line, as Trainer logs it
  double learning_rate = 0;  // of the last step
  double grad_norm = 0;      // of the last step, before clipping
  double accuracy = 0;       // training accuracy over the same steps
  double images_per_second = 0;
};

// Numbers are written so that reading gives back the same double.
class LossLog {
 public:
  // Starts the file anew, with these lines.
  LossLog(std::filesystem::path path, const std::vector<LossRecord>& records);
  // Starts the file, or continues one: lines of steps after `resume_step` are dropped first.
  LossLog(std::filesystem::path path, std::int64_t resume_step);
  void append(const LossRecord& record);  // flushed at once, so that the curve can be watched

 private:
  std::filesystem::path path_;
};

// Whether the file begins with the header of a log of ours, a bit of which may be another; whatever follows.
// False where it cannot be read.
bool has_own_header(const std::filesystem::path& path);

// What a training is known to have logged up to step `last`, from another file than log.csv. Exact: every
// line, to the bit; else some may be missing, and columns, too.
struct LogHistory {
  std::vector<LossRecord> records;
  std::int64_t last = 0;
  bool is_exact = false;
};

// log.csv of a training of ours as it should be: lines that are missing or cannot be read are the history's,
// and where that is exact, so are those that have another number. Lines after `last` stay.
struct MendedLog {
  std::vector<LossRecord> records;  // by steps
  std::string damage;  // of what an exact history mends: the first line with its place, and what is wrong
  std::string unread;  // the first line that cannot be read and may be missing now
};
MendedLog mend_loss_log(const std::filesystem::path& path, const LogHistory& history);

// What was logged last up to `step`, which need not be a logging step; null before the first line. Records
// without a step, which are the article's, are passed over.
const LossRecord* last_logged(const std::vector<LossRecord>& log, std::int64_t step);

}  // namespace zoetrope::store
