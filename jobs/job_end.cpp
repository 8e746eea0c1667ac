// SPDX-License-Identifier: Apache-2.0
#include "job_end.hpp"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "zoetrope/store/ending.hpp"
#include "zoetrope/store/run_directory.hpp"
#include "zoetrope/support/home.hpp"

namespace zoetrope::jobs {

namespace {

// Also of words that are no valid options. The last one counts, as for slurm/job.sh.
std::optional<store::RunDirectory> run_of(const std::vector<std::string>& words) {
  constexpr std::string_view kAssigned = "--run=";
  std::optional<store::RunDirectory> run;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--run" && i + 1 < words.size())
      run = store::RunDirectory{support::expand_home(words[i + 1])};
    if (words[i].starts_with(kAssigned))
      run = store::RunDirectory{support::expand_home(words[i].substr(kAssigned.size()))};
  }
  return run;
}

}  // namespace

void keep_ending(const std::vector<std::string>& words, int code, const std::string& message) noexcept {
  try {
    const auto run = run_of(words);
    if (!run || !std::filesystem::is_directory(run->root)) return;
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
