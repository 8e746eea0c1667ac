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

// A step that is passed over for an error of the disk would be trained again, so each error counts.
std::vector<std::int64_t> list_steps(const std::filesystem::path& root, std::string_view prefix) {
  std::vector<std::int64_t> steps;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::int64_t step = step_of(entry->path().filename().string(), prefix);
    if (step < 0) continue;
    std::error_code looking;
    if (entry->is_directory(looking)) steps.push_back(step);
    if (looking && looking != std::errc::no_such_file_or_directory)
      support::throw_system_error(entry->path(), "cannot be looked at", looking.value());
  }
  if (error) support::throw_system_error(root, "the run directory cannot be listed", error.value());
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::vector<std::int64_t> steps_of_folders(const std::filesystem::path& root, std::string_view prefix) {
  return support::try_again([&] { return list_steps(root, prefix); });
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
