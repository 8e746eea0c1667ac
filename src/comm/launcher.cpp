// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/launcher.hpp"

#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include <unistd.h>

namespace zoetrope::comm {

namespace {

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name)) return value;
  return {};
}

std::optional<int> number(const std::string& text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || rest != end || value < 0) return std::nullopt;
  return value;
}

}  // namespace

Launcher Launcher::of_environment() {
  Launcher launcher;
  launcher.rank = number(first_of({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"}));
  launcher.size =
      number(first_of({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"}));
  launcher.job = first_of({"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"});
  if (launcher.job.empty() && std::getenv("SLURM_STEP_ID") != nullptr)
    launcher.job = first_of({"SLURM_JOB_ID"}) + "." + first_of({"SLURM_STEP_ID"});
  return launcher;
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "unknown-host";
  return name;
}

}  // namespace zoetrope::comm
