// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/stop.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/stopwatch.hpp"

#include "analysis_sources.hpp"
#include "region_classifier.hpp"
#include "run_analysis.hpp"
#include "run_folder.hpp"
#include "search_notice.hpp"
#include "tensorboard.hpp"

namespace zoetrope::pipeline {

namespace {

// Whether analysis.h5 is there, is of these sources and is whole; the session keeps it then. Rank 0's.
bool is_there(Session& session, const std::vector<CheckpointSource>& sources) {
  const std::filesystem::path path = session.run().analysis();
  if (!support::exists(path)) return false;
  const std::string stored = store::read_source_digest(path);  // "" of a damaged header
  if (!stored.empty() && stored != digest_of_sources(session, sources)) return false;
  try {
    session.keep_analysis(store::read_analysis(path));
    return true;
  } catch (const InputError& damage) {
    support::log_warning(std::string(damage.what()) + "; it is made again");
    return false;
  }
}

// Collective.
bool is_done(Session& session, const std::vector<CheckpointSource>& sources) {
  const bool done = session.is_root() && is_there(session, sources);
  return comm::broadcast_scalar(session.communicator(), done ? 1 : 0, 0) != 0;
}

std::string name_of(const store::RunDirectory& run, std::int64_t step) {
  return run.checkpoint(step).filename().string();
}

// Of embeddings.h5 since it was analysed. A damaged one is looked at by who reads it.
bool has_changed(const store::RunDirectory& run, std::int64_t step, const std::string& analysed) {
  try {
    return store::read_header(run.checkpoint(step)).content_digest != analysed;
  } catch (const InputError&) {
    return false;
  }
}

// How the embeddings of a step differ from those that were analysed; "" where they do not.
std::string difference_of(const store::RunDirectory& run, const store::Analysis& analysis,
                          std::int64_t step) {
  const auto shown = std::ranges::lower_bound(analysis.step, step);
  if (shown == analysis.step.end() || *shown != step) return "does not show " + name_of(run, step);
  const auto i = static_cast<std::size_t>(shown - analysis.step.begin());
  if (analysis.embeddings_digest.empty() || !has_changed(run, step, analysis.embeddings_digest[i])) return "";
  return "was made from other embeddings than " + name_of(run, step) + " holds now";
}

// Whether the checkpoints are others than those that the analysis was made from, which is warned of, and it
// can be made again. Embeddings may have been deleted once they were analysed.
bool is_of_other_checkpoints(const store::RunDirectory& run, const store::Analysis& analysis) {
  const std::vector<std::int64_t> steps = run.checkpoint_steps();
  const auto warn = [&](const std::string& what) {
    support::log_warning(run.analysis().string() + ": " + what);
  };
  for (const std::int64_t step : analysis.step) {
    if (std::ranges::binary_search(steps, step)) continue;
    warn("shows " + name_of(run, step) + ", which has been deleted; it is made again");
    return true;
  }
  std::string difference, unembedded;
  for (const std::int64_t step : steps) {
    if (!support::is_listed(run.embeddings(step)))
      unembedded = name_of(run, step);
    else if (difference.empty())
      difference = difference_of(run, analysis, step);
  }
  if (difference.empty()) return false;
  warn(difference + (unembedded.empty() ? "; it is made again"
                                        : "; it is used as it is, since " + unembedded +
                                              " has no embeddings: run zoetrope extract and then zoetrope "
                                              "analyze"));
  return unembedded.empty();
}

// Rank 0's. A damaged analysis is looked at by who reads it.
bool is_outdated(Session& session) {
  const store::RunDirectory& run = session.run();
  if (session.analysis() || !support::is_listed(run.analysis())) return false;
  try {
    session.keep_analysis(store::read_analysis(run.analysis()));
  } catch (const InputError&) {
    return false;  // it is said where the pictures are made
  }
  return is_of_other_checkpoints(run, *session.analysis());
}

}  // namespace

void analyze_where_needed(Session& session) {
  const bool is_asked = session.options().given.takes_in || session.options().analysis.is_asked_for;
  const bool is_needed = is_asked || (session.is_root() && is_outdated(session));
  if (comm::broadcast_scalar(session.communicator(), is_needed ? 1 : 0, 0) != 0) analyze(session);
}

void analyze(Session& session) {
  if (session.options().given.takes_in) take_in(session);
  const support::Stopwatch watch;
  const auto steps = session.checkpoint_steps();
  if (steps.empty()) refuse_without_checkpoints(session.run().root);
  session.set_stage("reading what is embedded");
  const auto sources = read_sources(session, steps);
  require_regions(session, sources);
  if (session.is_root()) warn_of_precisions(session, sources);
  if (!is_done(session, sources)) {
    if (session.is_root()) tell_of_search(session, sources);
    store::Analysis analysis = analyze_sources(session, sources, Keep::kInFiles);
    comm::do_unless_asked(session.communicator(), kFramesAreKept, [&] {
      if (!session.is_root()) return;
      store::write_analysis(session.run().analysis(), analysis);
      session.keep_analysis(std::move(analysis));
    });
    session.add_stage({"analysis", watch.seconds(), static_cast<std::int64_t>(steps.size()), "frames"});
  }
  log_curves(session);
  if (session.is_root()) remove_parts(session.run());
}

}  // namespace zoetrope::pipeline
