// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/run_directory.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "zoetrope/support/error.hpp"

namespace zoetrope::store {
namespace {

// The step in "checkpoint-<step>", or -1 for any other name; "checkpoint-007" is another name, since it is
// not the one that checkpoint(7) gives.
std::int64_t step_of(std::string_view name) {
  constexpr std::string_view kPrefix = "checkpoint-";
  if (!name.starts_with(kPrefix)) return -1;
  const std::string_view digits = name.substr(kPrefix.size());
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (error != std::errc{} || std::to_string(step) != digits || step < 0) return -1;
  return step;
}

}  // namespace

std::vector<std::int64_t> RunDirectory::checkpoint_steps() const {
  std::error_code error;
  std::filesystem::directory_iterator entries(root, error);
  if (error) throw InputError(root.string() + ": cannot list the run directory: " + error.message());
  std::vector<std::int64_t> steps;
  for (const auto& entry : entries) {
    const std::int64_t step = step_of(entry.path().filename().string());
    if (step >= 0 && entry.is_directory(error)) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace zoetrope::store
