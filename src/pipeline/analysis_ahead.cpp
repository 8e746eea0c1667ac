// SPDX-License-Identifier: Apache-2.0
#include "analysis_ahead.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "zoetrope/compute/own_stream.hpp"
#include "zoetrope/compute/thread_count.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/trace.hpp"

#include "analysis_sources.hpp"
#include "frame_reader.hpp"
#include "known_frames.hpp"
#include "memory_plan.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr int kLeastThreads = 4;  // of a rank, of which a quarter is taken
constexpr int kNice = 10;
// On a GPU: scores of a search, [rows, N] at a time, with what is compared with them and sorted of them; and
// rows in float32 and float64.
constexpr std::int64_t kBytesOfSearch = std::int64_t{2} << 30, kBytesOfNumber = 32;
constexpr std::int64_t kPartOfDevice = 8;
// On the host: rows of three checkpoints and the two copies of a search; candidates and neighbours.
constexpr std::int64_t kHostBytesOfNumber = 20, kHostBytesOfRow = 2048;

// HDF5 has one user at a time, and after a signal that is who saves the training, or a child that is left to
// do so: before each file there is a stop_point().
at::Tensor read_rows(const store::RunDirectory& run, std::int64_t step, store::EmbeddedSplit split) {
  support::stop_point();
  store::Embeddings embeddings = store::read_embeddings(run.checkpoint(step), split);
  return as_tensor(std::move(embeddings.values), embeddings.identity.num_columns);
}

}  // namespace

AnalysisAhead::AnalysisAhead(Session& session)
    : run_(session.run()),
      shows_training_(session.shows_training()),
      threads_(std::max(1, session.threads() / kLeastThreads)),
      options_(options_to_know(session.options().analysis, session.analysis_device())),
      host_bytes_(share_of_limit(session.options().analysis, session.world().local_size())),
      device_bytes_(session.gpu() ? session.gpu()->memory_bytes : 0),
      process_(getpid()) {
  thread_.submit(go_behind_others);
}

void AnalysisAhead::add(std::int64_t step) {
  if (getpid() != process_) return;  // whose thread there is not
  thread_.submit([this, step] { know(step); });
}

// What fails here is tried again by the analysis, which says so where it fails, too.
void AnalysisAhead::know(std::int64_t step) {
  const support::Interruptible until_asked;
  if (support::must_stop()) return;
  const trace::Span span("analysing beside the training", "step", step);
  try {
    const compute::ThreadCount threads(threads_);
    if (!options_.device) return know_sealed(step);
    c10::impl::VirtualGuardImpl(options_.device->type()).setDevice(*options_.device);
    const compute::OwnStream stream(*options_.device, compute::StreamPriority::kLow);
    know_sealed(step);
  } catch (const Interrupted&) {
    // The next attempt goes on.
  } catch (const std::exception& error) {
    before_.reset();
    support::log_warning("checkpoint-" + std::to_string(step) +
                         ": is analysed after the training, not beside it: " + error.what());
  }
}

void AnalysisAhead::know_sealed(std::int64_t step) {
  const auto steps = run_.checkpoint_steps();
  const auto here = std::ranges::find(steps, step);
  // An earlier attempt may have been stopped before it sealed what this one is compared with.
  const auto is_sealed = [&](std::int64_t other) { return support::is_listed(run_.embeddings(other)); };
  const bool is_first = here == steps.begin();
  if (here == steps.end() || (!is_first && (!is_sealed(steps.front()) || !is_sealed(*(here - 1))))) return;
  Held now{source_of(step), {}};
  if (!has_room(now.source)) return;
  if (!is_first) {
    hold(first_, steps.front());
    hold(before_, *(here - 1));
  }
  const auto compared = [&](const std::optional<Held>& held) { return is_first ? nullptr : &*held; };
  const Held *const first = compared(first_), *const before = compared(before_);
  const std::string digest = digest_to_know(options_, now.source, first ? &first->source : nullptr,
                                            before ? &before->source : nullptr);
  support::stop_point();
  if (is_known(run_, now.source, options_, digest)) return;
  now.frame.rows = read_rows(run_, step, store::EmbeddedSplit::kTest);
  at::Tensor training;
  if (shows_training_) training = read_rows(run_, step, store::EmbeddedSplit::kTrain);
  const analysis::KnownFrame known = analysis::know_frame(
      now.frame.rows, training, options_, first ? &first->frame : nullptr, before ? &before->frame : nullptr);
  support::stop_point();
  write_known(run_, step, digest, known);
  now.frame.scatter = known.scatter;
  if (is_first) first_ = now;
  before_ = std::move(now);
}

// As far as digest_to_know() asks for it.
CheckpointSource AnalysisAhead::source_of(std::int64_t step) const {
  support::stop_point();
  const auto folder = run_.checkpoint(step);
  store::EmbeddingsHeader header = store::read_header(folder);
  CheckpointSource source{std::move(header.identity), std::move(header.content_digest), {}};
  if (!shows_training_) return source;
  store::EmbeddingsHeader training = store::read_header(folder, store::EmbeddedSplit::kTrain);
  source.training = TrainingSource{std::move(training.identity), std::move(training.content_digest)};
  return source;
}

// Where the checkpoint of `step` is not what is held already.
void AnalysisAhead::hold(std::optional<Held>& held, std::int64_t step) const {
  CheckpointSource source = source_of(step);
  if (held && held->source.identity == source.identity &&
      held->source.embeddings_digest == source.embeddings_digest)
    return;
  held.reset();
  analysis::EarlierFrame frame{read_rows(run_, step, store::EmbeddedSplit::kTest), {}};
  frame.scatter = analysis::Scatter::of(frame.rows, options_.device);
  held = Held{std::move(source), std::move(frame)};
}

// Compared so that no product of numbers that a file says can overflow.
bool AnalysisAhead::has_room(const CheckpointSource& source) const {
  const std::int64_t columns = std::max<std::int64_t>(1, source.identity.num_columns);
  std::int64_t rows = source.identity.num_rows;
  if (source.training) rows += source.training->identity.num_rows;
  if (rows > host_bytes_ / (kHostBytesOfNumber * columns + kHostBytesOfRow)) return false;
  if (device_bytes_ == 0) return true;
  const std::int64_t room = device_bytes_ / kPartOfDevice - kBytesOfSearch;
  return room > 0 && source.identity.num_rows <= room / kBytesOfNumber / columns;
}

void go_behind_others() {
  const auto me = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, me, getpriority(PRIO_PROCESS, me) + kNice);  // the system cuts it to 19
}

bool works_beside(const Session& session) {
  const AnalyzeWhen when = session.options().analysis.when;
  // Its search has float32 products computed as such in all of the process.
  const bool is_tf32 = session.gpu() && session.precision() == model::Precision::kTensorFloat32;
  if (when == AnalyzeWhen::kBeside && is_tf32)
    throw UsageError(
        "--analyze beside: a training in --precision tf32 would compute in float32 meanwhile; give --analyze "
        "after, or another precision");
  const bool is_beside = when == AnalyzeWhen::kBeside || (when == AnalyzeWhen::kAuto && session.gpu() &&
                                                          !is_tf32 && session.threads() >= kLeastThreads);
  return is_beside && session.is_root();
}

}  // namespace zoetrope::pipeline
