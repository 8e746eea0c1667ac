// SPDX-License-Identifier: Apache-2.0
// One logger for the program (spdlog), to standard error, so that standard output holds results only.
#pragma once

#include <string>

#include <spdlog/spdlog.h>

namespace zoetrope::support {

// Sets up spdlog's default logger. With more than one rank each line carries "[rank r/n host]"; ranks other
// than 0 log warnings and errors only, unless `level` is "debug" or "trace".
// `level`: trace, debug, info, warning, error, off. Throws UsageError on another word.
void set_up_logging(const std::string& level, int rank, int world_size, const std::string& host);

}  // namespace zoetrope::support
