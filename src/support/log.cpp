// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/terminal.hpp"

namespace zoetrope::support {

void check_log_level(const std::string& level) {
  constexpr std::array kLevels = {"trace", "debug", "info", "warning", "error", "off"};
  if (std::find(kLevels.begin(), kLevels.end(), level) == kLevels.end())
    throw UsageError("--log-level " + level + ": choose trace, debug, info, warning, error or off");
}

void set_up_logging(const std::string& level, int rank, int world_size, const std::string& host) {
  check_log_level(level);
  auto parsed = spdlog::level::from_str(level == "error" ? "err" : level);
  if (rank != 0 && parsed == spdlog::level::info) parsed = spdlog::level::warn;
  // spdlog reads % as a pattern flag; a host name has none, but nothing else promises so.
  std::string shown_host;
  for (const char c : printable(host)) shown_host += c == '%' ? std::string("%%") : std::string(1, c);
  const std::string who = world_size > 1 ? "[rank " + std::to_string(rank) + "/" +
                                               std::to_string(world_size) + " " + shown_host + "] "
                                         : "";
  auto logger =
      std::make_shared<spdlog::logger>("zoetrope", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%H:%M:%S " + who + "%^%l%$ %v");
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

namespace {

std::atomic<bool> is_silent{false};

}  // namespace

void silence_log() noexcept {
  is_silent = true;
}

void log_debug(const std::string& message) {
  if (!is_silent) spdlog::debug("{}", printable(message));
}
void log_info(const std::string& message) {
  if (!is_silent) spdlog::info("{}", printable(message));
}
void log_warning(const std::string& message) {
  if (!is_silent) spdlog::warn("{}", printable(message));
}
void log_error(const std::string& message) {
  if (!is_silent) spdlog::error("{}", printable(message));
}

void warn_once(const std::string& message) {
  if (is_silent) return;
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  if (said.insert(message).second) log_warning(message);
}

}  // namespace zoetrope::support
