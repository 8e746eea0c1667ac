// SPDX-License-Identifier: Apache-2.0
#include "job_end.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "zoetrope/pipeline/run_lock.hpp"
#include "zoetrope/store/ending.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/home.hpp"

#include "jobs.hpp"
#include "options.hpp"

namespace zoetrope::jobs {

namespace {

// Also of words that are no valid options. The last one counts, as for slurm/job.sh. None where a page
// follows the run, whose own job may be at work: the file is that one's.
std::optional<store::RunDirectory> run_of(const std::vector<std::string>& words) {
  constexpr std::string_view kAssigned = "--run=";
  if (std::ranges::find(words, "--live") != words.end()) return std::nullopt;
  std::optional<store::RunDirectory> run;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--run" && i + 1 < words.size())
      run = store::RunDirectory{support::expand_home(words[i + 1])};
    if (words[i].starts_with(kAssigned))
      run = store::RunDirectory{support::expand_home(words[i].substr(kAssigned.size()))};
  }
  return run;
}

bool begins_run(const std::vector<std::string>& words) {
  const auto job = std::ranges::find(all_jobs(), words.empty() ? "" : words.front(), &Job::name);
  const bool trains = job != all_jobs().end() && (job->groups & kTraining) != 0;
  return trains ||
         std::ranges::any_of(words, [](const std::string& word) { return word.starts_with("--embeddings"); });
}

}  // namespace

void keep_ending(const std::vector<std::string>& words, int code, const std::string& message) noexcept {
  try {
    const auto run = run_of(words);
    if (!run || !std::filesystem::is_directory(run->root)) return;
    if (!begins_run(words) && !pipeline::holds_run(run->root)) return;
    const char* job = std::getenv("SLURM_JOB_ID");
    store::write_ending(run->ended(), {code, job == nullptr ? "" : job, message});
  } catch (const std::exception&) {
    // The disk may be full, which is what the message says.
  }
}

void forget_ending(const std::vector<std::string>& words) noexcept {
  std::error_code ignored;
  if (const auto run = run_of(words)) std::filesystem::remove(run->ended(), ignored);
}

}  // namespace zoetrope::jobs
