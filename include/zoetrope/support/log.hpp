// SPDX-License-Identifier: Apache-2.0
// One logger for the program, to standard error, so that standard output holds results only.
#pragma once

#include <string>

namespace zoetrope::support {

// UsageError where `level` is none of trace, debug, info, warning, error and off.
void check_log_level(const std::string& level);

// Sets up the logger. With more than one rank each line carries "[rank r/n host]"; ranks other than 0 log
// warnings and errors only, unless `level` is "debug" or "trace".
// `level`: as check_log_level() has it, which throws.
void set_up_logging(const std::string& level, int rank, int world_size, const std::string& host);

// spdlog itself stays behind these: its headers and libtorch's bring different versions of fmt.
void log_debug(const std::string& message);
void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);

// From now on nothing is logged, and no lock is taken: in a child of fork(), where another thread may have
// held it.
void silence_log() noexcept;

// A warning, unless this process has given it before.
void warn_once(const std::string& message);

}  // namespace zoetrope::support
