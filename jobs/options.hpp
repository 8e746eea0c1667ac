// SPDX-License-Identifier: Apache-2.0
// Every option of every job, in one place. Precedence: command line, --config FILE, RUN/run.ini, defaults.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/pipeline/options.hpp"
#include "zoetrope/support/range.hpp"

namespace zoetrope::jobs {

// Groups of options; a job takes some of them.
enum Group : unsigned {
  kData = 1,
  kModel = 2,
  kTraining = 4,
  kCompute = 8,
  kAnalysis = 16,
  kRendering = 32,
  kReview = 64,
  kDevice = 128,
  kForward = 256,  // how a model computes
  kGiven = 512,    // embeddings that another program has computed
  kSplit = 1024,   // which images are embedded
  kLog = 2048,
  kSchedule = 4096,  // which stage waits for which
};

// An INI file's option, as it has it.
struct Origin {
  std::string name, file, value;
};

struct Options {
  Options() { pipeline.compute.device = compute::DeviceChoice::kAuto; }

  pipeline::Options pipeline;
  std::string config;
  std::int64_t timeout = 600;  // seconds
  bool take_over = false;      // the run directory of a job that is known to be gone
  bool quiet = false;
  std::string log_level = "info";
  bool no_progress = false;
  std::string trace;                  // the timeline's file; empty: none
  support::Range trace_steps;         // those whose operations it shows
  unsigned groups = 0;                // that the job takes
  std::vector<Origin> origins;        // of the options that no command line gave
  std::vector<std::string> warnings;  // to be told once there is a log; of the INI files rank 0's

  // --max-steps and --epochs exclude one another: whichever was given closest to the command line counts.
  bool has_max_steps() const { return pipeline.training.max_steps > 0; }
};

inline constexpr unsigned kAllGroups = ~0U;

inline constexpr int kMostThreads = 4096;  // of a rank

// What --help says of `job`, which takes `groups`: the options that most people want and an example, or all.
std::string help_text(const std::string& job, const std::string& purpose, unsigned groups, bool all);

// What the INI files hold that options come from; empty where there is none.
struct IniTexts {
  std::string config;  // --config's
  std::string run;     // RUN/run.ini
  std::string note;    // what is damaged in them and was read as it had been
};

// Reads those that `arguments` name. One rank does so for all: hosts that share a folder over a network may
// see its new files at different times, and ranks with different options would wait for one another for ever.
// InputError on a file that cannot be read or is damaged, UsageError on a command line that is not
// understood.
IniTexts read_ini_files(const std::string& job, unsigned groups, const std::vector<std::string>& arguments);

// Throws UsageError on an option that is unknown, impossible, contradicts another or cannot be kept in
// run.ini by a job that does so, InputError on an INI file that is not understood.
Options parse_options(const std::string& job, unsigned groups, const std::vector<std::string>& arguments,
                      const IniTexts& inis = {});

// --timeout of `arguments` alone, in seconds, or its default: no file is looked at, and nothing else is
// checked. UsageError on a command line that is not understood, and where --timeout is out of its range.
std::int64_t timeout_of(const std::vector<std::string>& arguments, const std::string& job, unsigned groups);

// `message`, and from which file the options come whose values it complains of.
std::string with_origins(const std::string& message, const Options& options);

// UsageError where a value is impossible or contradicts another.
void check(const Options& options);
void check_timeout(std::int64_t seconds);

}  // namespace zoetrope::jobs
