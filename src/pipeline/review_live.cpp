// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/review/review.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"

#include "page_content.hpp"
#include "run_analysis.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr int kRefreshSeconds = 5;

// Checkpoints whose embeddings are whole, of these images, and of training images where they are shown.
std::vector<std::int64_t> embedded_steps(Session& session) {
  std::vector<std::int64_t> steps;
  const std::string training = session.shows_training() ? session.train_sample().digest() : "";
  for (const std::int64_t step : session.run().checkpoint_steps()) {
    try {
      const auto folder = session.run().checkpoint(step);
      const bool is_whole =
          store::read_identity(folder).dataset_digest == session.test().digest() &&
          (training.empty() ||
           store::read_identity(folder, store::EmbeddedSplit::kTrain).dataset_digest == training);
      if (is_whole) steps.push_back(step);
    } catch (const InputError&) {
      // Not embedded yet.
    }
  }
  return steps;
}

struct LivePage {
  std::optional<review::Review> content;  // which the file may lack yet: a disk may be full
  std::vector<std::int64_t> shown;        // the file's checkpoints
  fs::file_time_type written;             // the file's time as it was found, and then as it was written here
};

// Whether nobody else has written the page meanwhile: the run's own, which it writes at its end, is the more
// complete one.
bool is_ours(const Session& session, const LivePage& live) {
  std::error_code error;  // of a page that is not there
  const auto time = fs::last_write_time(session.run().review(), error);
  return error || time == live.written;
}

void analyze_anew(Session& session, const std::vector<std::int64_t>& steps, LivePage& live) {
  auto analysis = analyze_sources(session, read_sources(session, steps), Keep::kInMemory);
  store::require_results(analysis, session.run().root);
  if (!live.content) live.content = review_of(session, {});
  live.content->analysis = std::move(analysis);
  std::error_code error;
  live.written = fs::last_write_time(session.run().review(), error);
}

// Writes the page when there are other checkpoints than it shows, again and again until that succeeds.
void refresh(Session& session, LivePage& live) {
  const auto steps = embedded_steps(session);
  if (steps.empty() || live.shown == steps) return;
  if (!live.content || live.content->analysis.step != steps) {
    analyze_anew(session, steps, live);
  } else if (!is_ours(session, live)) {
    live.shown = steps;
    return;
  }
  live.content->log = session.loss_log();
  review::write_page(session.run().review(), *live.content, {kRefreshSeconds});
  live.written = fs::last_write_time(session.run().review());
  live.shown = steps;
  support::log_info("the page shows " + std::to_string(steps.size()) + " checkpoints, the last of step " +
                    std::to_string(steps.back()));
}

// The last page stands still.
void write_last(const Session& session, const LivePage& live) {
  if (live.content && !live.content->analysis.step.empty() && is_ours(session, live))
    review::write_page(session.run().review(), *live.content);
}

}  // namespace

// Only reads what the run writes, and writes nothing but the page, so that it can go on beside it.
void review_live(Session& session) {
  if (session.world().size() > 1)
    throw UsageError("zoetrope review --live works alone: start it without mpirun");
  LivePage page;
  std::string trouble;  // the last that was warned of
  support::log_info("watching " + session.run().root.string() + "; open " + session.run().review().string() +
                    "; Ctrl-C ends");
  while (support::received_signal() == 0) {
    try {
      refresh(session, page);
      trouble.clear();
    } catch (const Interrupted&) {
      break;  // the page stays as it is
    } catch (const Error& error) {
      // A checkpoint that is replaced while it is read, a full disk: the run goes on, and so does this.
      if (std::exchange(trouble, error.what()) != error.what())
        support::log_warning(trouble + "; the page stays as it is until that has passed");
    }
    for (int tenth = 0; tenth < 10 * kRefreshSeconds && support::received_signal() == 0; ++tenth)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  write_last(session, page);
}

}  // namespace zoetrope::pipeline
