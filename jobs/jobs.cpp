// SPDX-License-Identifier: Apache-2.0
#include "jobs.hpp"

#include "options.hpp"

namespace zoetrope::jobs {

const std::vector<Job>& all_jobs() {
  static const std::vector<Job> jobs = {
      {"run",
       "fine-tunes, embeds, analyses, draws and writes the page, in one job; picks up where an earlier one "
       "stopped",
       kData | kSplit | kModel | kTraining | kCompute | kDevice | kForward | kAnalysis | kRendering | kLog |
           kSchedule,
       pipeline::run},
      {"finetune", "fine-tunes the model and saves a checkpoint every few steps",
       kData | kSplit | kModel | kTraining | kCompute | kDevice | kForward | kLog, pipeline::finetune},
      {"extract", "embeds the test images with every checkpoint",
       kData | kSplit | kCompute | kDevice | kForward, pipeline::extract},
      {"analyze", "scores outliers, projects and aligns the embeddings",
       kGiven | kData | kSplit | kCompute | kDevice | kAnalysis | kLog, pipeline::analyze},
      {"render", "draws a frame per checkpoint and encodes the animation",
       kGiven | kData | kSplit | kCompute | kAnalysis | kRendering | kLog, pipeline::render},
      {"review", "writes a page to look through the run in a browser",
       kGiven | kData | kSplit | kCompute | kAnalysis | kReview, pipeline::review},
  };
  return jobs;
}

}  // namespace zoetrope::jobs
