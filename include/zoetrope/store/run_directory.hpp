// SPDX-License-Identifier: Apache-2.0
// Where everything of a run lies. The same layout is read by every job.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "zoetrope/store/folder_files.hpp"

namespace zoetrope::store {

struct RunDirectory {
  std::filesystem::path root;

  std::filesystem::path run_ini() const { return root / "run.ini"; }
  std::filesystem::path log_csv() const { return root / "log.csv"; }
  std::filesystem::path analysis() const { return root / "analysis.h5"; }
  std::filesystem::path analysis_parts() const { return root / "analysis.parts"; }
  std::filesystem::path analysis_part(std::int64_t step) const {
    return analysis_parts() / (std::to_string(step) + ".h5");
  }
  std::filesystem::path animation(const std::string& format) const { return root / ("animation." + format); }
  std::filesystem::path summary() const { return root / "summary.json"; }
  std::filesystem::path ended() const { return root / "ended.ini"; }
  std::filesystem::path tensorboard() const { return root / "tensorboard"; }
  std::filesystem::path review() const { return root / "review.html"; }
  std::filesystem::path issues() const { return root / "issues.csv"; }

  std::filesystem::path checkpoint(std::int64_t step) const {
    return root / ("checkpoint-" + std::to_string(step));
  }
  // What training goes on from where it is no frame: the same files as a checkpoint's.
  std::filesystem::path resume(std::int64_t step) const { return root / ("resume-" + std::to_string(step)); }
  std::filesystem::path model(std::int64_t step) const { return checkpoint(step) / kModelFile; }
  std::filesystem::path optimizer(std::int64_t step) const { return checkpoint(step) / kOptimizerFile; }
  std::filesystem::path trainer_state(std::int64_t step) const {
    return checkpoint(step) / kTrainerStateFile;
  }
  std::filesystem::path embeddings(std::int64_t step) const { return checkpoint(step) / kEmbeddingsFile; }
  std::filesystem::path train_embeddings(std::int64_t step) const {
    return checkpoint(step) / kTrainEmbeddingsFile;
  }
  std::filesystem::path frame(std::int64_t step) const { return checkpoint(step) / "frame.png"; }

  // The steps of every checkpoint-<step>, or resume-<step>, folder, ascending. Folders with another name are
  // not looked at. InputError when the run directory cannot be listed.
  std::vector<std::int64_t> checkpoint_steps() const;
  std::vector<std::int64_t> resume_steps() const;
  // The newest step, not after `last`, with an optimizer's state to go on from; -1: there is none. RunError
  // where a folder cannot be listed.
  std::int64_t newest_resume_point(std::int64_t last = std::numeric_limits<std::int64_t>::max()) const;
};

}  // namespace zoetrope::store
