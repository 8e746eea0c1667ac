// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace zoetrope::jobs {

// Writes in the run directory of a command line's `words`, the job's name first, how its job ends, for who
// started it; nothing where there is none, nor in a folder that holds no run where the job begins none, nor
// where the job is a page that follows a run (--live). One rank does so. What goes wrong with it is not worth
// a second message.
void keep_ending(const std::vector<std::string>& words, int code, const std::string& message) noexcept;
// Takes away what an earlier job has written; not for a page that follows a run.
void forget_ending(const std::vector<std::string>& words) noexcept;

}  // namespace zoetrope::jobs
