// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/summary.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <sys/resource.h>

#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/summary.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/text.hpp"

#include "tensorboard.hpp"

namespace zoetrope::pipeline {

namespace {

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

std::string line(const std::string& name, const std::string& value) {
  std::string padded = name;
  padded.resize(std::max<std::size_t>(padded.size(), 12), ' ');
  return "  " + padded + " " + value;
}

void add_rates(const std::vector<store::StageTime>& stages, std::vector<std::string>& lines) {
  for (const store::StageTime& stage : stages) {
    if (stage.items == 0) {
      lines.push_back(line(stage.name, "nothing left to do"));
      continue;
    }
    std::string value = support::format_duration(stage.seconds);
    if (stage.seconds > 0) {
      const double rate = static_cast<double>(stage.items) / stage.seconds;
      value += "  (" + support::format_rate(rate) + " " + stage.unit + "/s)";
    }
    lines.push_back(line(stage.name, value));
  }
}

double last_accuracy_in(const store::Analysis& analysis) {
  const auto found = analysis.curves.find("accuracy");
  return found == analysis.curves.end() || found->second.empty() ? std::nan("") : found->second.back();
}

std::string search_of(const store::Analysis& analysis) {
  const std::string text = store::search_text(analysis);
  return text.substr(text.find("by ")) + " (" + analysis.neighbour_search_parameters + ")";
}

// NaN where none is known. A file that an earlier job left damaged is no failure of this one: the analysis
// will write it again.
double last_accuracy(const Session& session) {
  if (session.analysis()) return last_accuracy_in(*session.analysis());
  const std::filesystem::path path = session.run().analysis();
  if (!support::is_listed(path)) return std::nan("");
  try {
    return last_accuracy_in(store::read_analysis(path));
  } catch (const InputError& error) {
    support::log_warning(std::string(error.what()) + "; the summary leaves the accuracy out");
    return std::nan("");
  }
}

// A page that follows a run leaves the run's own summary alone.
bool keeps_summary(const Session& session) {
  return !session.stages().empty() && !session.options().review.live;
}

// What this job has written, as far as a person opens it.
std::vector<std::pair<std::string, std::string>> files_of(const Session& session) {
  const store::RunDirectory& run = session.run();
  const auto did = [&](const char* stage) {
    return std::ranges::any_of(
        session.stages(), [&](const store::StageTime& done) { return done.name == stage && done.items > 0; });
  };
  std::vector<std::pair<std::string, std::string>> files;
  const auto add = [&](const char* what, const std::filesystem::path& path) {
    if (support::is_listed(path)) files.emplace_back(what, path.string());
  };
  if (did("training")) {
    add("log", run.log_csv());
    files.emplace_back("checkpoints", (run.root / "checkpoint-*").string());
  }
  if (did("embedding")) files.emplace_back("embeddings", (run.root / "checkpoint-*/embeddings*.h5").string());
  if (did("analysis")) add("analysis", run.analysis());
  if (did("drawing")) files.emplace_back("frames", (run.root / "checkpoint-*/frame.png").string());
  if (did("animation")) {
    for (const std::string& format : session.options().render.formats)
      add("animation", run.animation(format));
    add("poster", run.root / "poster.png");
  }
  if (did("review")) {
    add("page", run.review());
    add("issues", run.issues());
  }
  if (logs_to_tensorboard(session)) add("tensorboard", run.tensorboard());
  for (const std::filesystem::path& path : session.exported()) add("export", path);
  if (keeps_summary(session)) add("summary", run.summary());
  return files;
}

// Nothing of a page that follows a run, which waits nearly all of its time.
std::string slowest_of(const Session& session) {
  const auto& stages = session.stages();
  const auto slowest = std::ranges::max_element(stages, {}, &store::StageTime::seconds);
  if (slowest == stages.end() || slowest->items == 0 || session.options().review.live) return "";
  return ", the slowest stage is " + slowest->name;
}

}  // namespace

std::vector<std::string> summarize(Session& session, double total_seconds) {
  const std::int64_t peak =
      comm::all_reduce_scalar(session.communicator(), peak_memory_bytes(), comm::ReduceOp::kMax);
  if (!session.is_root()) return {};
  const double accuracy = last_accuracy(session);
  if (keeps_summary(session))
    store::write_summary(session.run().summary(), {session.stages(), total_seconds, peak,
                                                   session.world().size(), session.threads(), accuracy});

  std::vector<std::string> lines;
  for (const auto& [what, path] : files_of(session)) lines.push_back(line(what, path));
  if (std::isfinite(accuracy))
    lines.push_back(line("accuracy", support::format_fixed(100 * accuracy, 2) + " % of the test images"));
  if (session.analysis() && !session.analysis()->neighbour_search.empty())
    lines.push_back(line("neighbours", search_of(*session.analysis())));
  add_rates(session.stages(), lines);
  lines.push_back(line("total", support::format_duration(total_seconds) + slowest_of(session)));
  lines.push_back(
      line("memory", support::format_bytes(static_cast<std::uint64_t>(peak)) + " at most on a rank"));
  return lines;
}

}  // namespace zoetrope::pipeline
