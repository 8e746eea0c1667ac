// SPDX-License-Identifier: Apache-2.0
// log.csv as it lies there. What others may trust is read_run_log(), in run_history.hpp.
#pragma once

#include <filesystem>
#include <vector>

#include "zoetrope/store/loss_log.hpp"

namespace zoetrope::store {

// An empty vector when the file is absent. InputError names file and line when one cannot be read. A header
// of ours with a bit that is another is read as it was, with a warning. Also reads the article's log.csv: no
// header, columns loss,learning_rate,epoch (step is then 0 for every record).
std::vector<LossRecord> read_loss_log(const std::filesystem::path& path);

}  // namespace zoetrope::store
