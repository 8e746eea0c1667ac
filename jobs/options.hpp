// SPDX-License-Identifier: Apache-2.0
// Every option of every job, in one place. Precedence: command line, --config FILE, RUN/run.ini, defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

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
};

struct Options {
  std::string run;
  std::string config;

  std::string data = "idx:/usr/share/datasets/fashion-mnist";
  std::int64_t train_limit = 0;
  std::int64_t test_limit = 0;
  std::string train_split;
  std::string test_split;
  std::string image_column;
  std::string label_column;
  bool skip_bad_images = false;
  std::int64_t image_cache = 4096;

  std::string model;

  std::int64_t max_steps = 0;
  double epochs = 3;
  std::int64_t batch_size = 32;
  std::int64_t micro_batch = 0;
  double learning_rate = 5e-5;
  double weight_decay = 0;
  double warmup_ratio = 0.1;
  double max_grad_norm = 1;
  std::uint64_t seed = 42;
  std::int64_t save_steps = 20;
  std::int64_t logging_steps = 20;
  std::string augment = "none";
  std::string save = "full";
  std::string cuda_graph = "auto";
  std::int64_t keep_optimizer = 2;

  std::string precision = "auto";
  std::string device = "auto";
  std::string backend = "auto";
  int threads = 0;

  std::int64_t neighbours = 10;
  std::int64_t outliers = 8;
  std::string align = "previous";
  std::string projection = "each";

  std::string layout = "wide";
  std::string size = "1920x1080";
  std::string theme = "light";
  double fps = 10;
  int tween = 0;
  std::string format = "gif";

  bool live = false;
  std::string export_to;

  std::int64_t timeout = 600;
  bool quiet = false;
  std::string log_level = "info";
  bool no_progress = false;

  unsigned groups = 0;                                    // that the job takes
  std::vector<std::pair<std::string, std::string>> kept;  // name and value of what run.ini is to hold

  // --max-steps and --epochs exclude one another: whichever was given closest to the command line counts.
  bool has_max_steps() const { return max_steps > 0; }
  std::pair<int, int> picture_size() const;
  std::vector<std::string> formats() const;
  std::vector<std::string> exports() const;
};

// The options of `job` (for its --help), which takes `groups`.
std::string help_text(const std::string& job, const std::string& purpose, unsigned groups);

// What the INI files hold that options come from; empty where there is none.
struct IniTexts {
  std::string config;  // --config's
  std::string run;     // RUN/run.ini
};

// Reads those that `arguments` name. One rank does so for all: hosts that share a folder over a network may
// see its new files at different times, and ranks with different options would wait for one another for ever.
// InputError on a file that cannot be read, UsageError on a command line that is not understood.
IniTexts read_ini_files(const std::string& job, unsigned groups, const std::vector<std::string>& arguments);

// Throws UsageError on an option that is unknown, impossible, contradicts another or cannot be kept in
// run.ini by a job that does so, InputError on an INI file that is not understood.
Options parse_options(const std::string& job, unsigned groups, const std::vector<std::string>& arguments,
                      const IniTexts& inis = {});

// What run.ini is to hold, so that --config and the next job read it back: of a job that trains, every option
// that shapes the run; of another, what run.ini held before and the data options of now. Where the latter
// cannot be kept, `problem` says which and why.
struct RunIni {
  std::string text;
  std::string problem;
};
RunIni run_ini(const Options& options);

}  // namespace zoetrope::jobs
