// SPDX-License-Identifier: Apache-2.0
// Which ranks have come how far, before they can talk over MPI: each writes it into a folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "zoetrope/comm/launcher.hpp"

namespace zoetrope::doctor {

class OpenDoors;

// Why the ranks have not met, as far as it can be told, and what to do.
struct Absence {
  std::string text;  // "rank 3 has not started: ..."
  std::string remedy;
};

class RollCall {
 public:
  // In the nearest folder to `run` that is there. Where the launcher tells no job and no rank, or the folder
  // cannot be written to, nothing is.
  RollCall(const std::filesystem::path& run, comm::Launcher launcher);
  // Removes the folder.
  ~RollCall();
  RollCall(const RollCall&) = delete;
  RollCall& operator=(const RollCall&) = delete;

  // This rank has come as far as MPI's start.
  void sign_in() noexcept;
  const std::filesystem::path& folder() const { return folder_; }  // "" where there is none

  // Takes up to three seconds, in which other hosts are asked over TCP whether they answer.
  Absence who_is_missing() const;
  // Whether this rank is to say who is missing: the first to ask, where all see the folder.
  bool may_speak() const;

 private:
  comm::Launcher launcher_;
  std::filesystem::path folder_;
  std::unique_ptr<OpenDoors> doors_;
};

// `path`, or the nearest folder above it that is there.
std::filesystem::path nearest_folder(std::filesystem::path path);

}  // namespace zoetrope::doctor
