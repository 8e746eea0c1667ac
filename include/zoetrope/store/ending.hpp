// SPDX-License-Identifier: Apache-2.0
// ended.ini: how the last job of a run ended, where it did not end well. Launchers have exit codes of their
// own.
#pragma once

#include <filesystem>
#include <string>

namespace zoetrope::store {

struct Ending {
  int code = 0;
  std::string job;      // Slurm's number of it; empty without Slurm
  std::string message;  // as it was printed
};

// A line "name = value" each; of the message its first 500 characters, without what is no text.
void write_ending(const std::filesystem::path& path, const Ending& ending);

}  // namespace zoetrope::store
