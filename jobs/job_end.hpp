// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace zoetrope::jobs {

// Writes in the run directory of a command line's `words` how its job ends, for who started it; nothing where
// there is none. One rank does so. What goes wrong with it is not worth a second message.
void keep_ending(const std::vector<std::string>& words, int code, const std::string& message) noexcept;
// Takes away what an earlier job has written.
void forget_ending(const std::vector<std::string>& words) noexcept;

}  // namespace zoetrope::jobs
