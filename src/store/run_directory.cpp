// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_directory.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/system_error.hpp"

namespace zoetrope::store {
namespace {

// The step in "<prefix><step>", or -1 for any other name; "checkpoint-007" is another name, since it is not
// the one that checkpoint(7) gives.
std::int64_t step_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return -1;
  const std::string_view digits = name.substr(prefix.size());
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (error != std::errc{} || std::to_string(step) != digits || step < 0) return -1;
  return step;
}

std::vector<std::int64_t> steps_of_folders(const std::filesystem::path& root, std::string_view prefix) {
  std::error_code error;
  std::filesystem::directory_iterator entries(root, error);
  if (error) support::throw_system_error(root, "the run directory cannot be listed", error.value());
  std::vector<std::int64_t> steps;
  for (const auto& entry : entries) {
    const std::int64_t step = step_of(entry.path().filename().string(), prefix);
    if (step >= 0 && entry.is_directory(error)) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace

std::vector<std::int64_t> RunDirectory::checkpoint_steps() const {
  return steps_of_folders(root, "checkpoint-");
}

std::vector<std::int64_t> RunDirectory::resume_steps() const {
  return steps_of_folders(root, "resume-");
}

std::int64_t RunDirectory::newest_resume_point(std::int64_t last) const {
  std::int64_t newest = -1;
  for (const std::int64_t step : checkpoint_steps())
    if (step <= last && support::is_listed(optimizer(step))) newest = step;
  for (const std::int64_t step : resume_steps())
    if (step <= last) newest = std::max(newest, step);
  return newest;
}

}  // namespace zoetrope::store
