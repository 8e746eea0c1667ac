// SPDX-License-Identifier: Apache-2.0
#include "process_name.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>

#include <unistd.h>

#include "zoetrope/support/digest.hpp"

namespace zoetrope::support {

namespace {

// Numbers of processes are counted anew after each boot and in each container.
std::string place_of_this_process() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  char container[64] = {};
  const ssize_t length = ::readlink("/proc/self/ns/pid", container, sizeof container - 1);
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  Xxh3 digest;
  for (const std::string& part : {std::string(host), std::string(container, length > 0 ? length : 0), boot})
    digest.update(part + "\n");
  return digest.hex().substr(0, 8);
}

std::string random_token() {
  std::random_device source;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%08x%08x", static_cast<std::uint32_t>(source()),
                static_cast<std::uint32_t>(source()));
  return hex;
}

}  // namespace

// A forked child shares the token, and is told by its number.
ProcessName ProcessName::own() {
  static const std::string place = place_of_this_process(), token = random_token();
  return {place, ::getpid(), token};
}

std::string ProcessName::text() const {
  return place + "-" + std::to_string(pid) + "-" + token;
}

std::optional<ProcessName> ProcessName::parse(std::string_view text) {
  const auto first = text.find('-'), last = text.rfind('-');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  ProcessName name{std::string(text.substr(0, first)), 0, std::string(text.substr(last + 1))};
  const std::string_view number = text.substr(first + 1, last - first - 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), name.pid);
  if (error != std::errc{} || end != number.data() + number.size() || name.pid <= 0) return std::nullopt;
  return name;
}

Life life_of(const ProcessName& process) {
  const ProcessName own = ProcessName::own();
  if (process.place != own.place) return Life::kUnknown;
  if (process.pid == own.pid) return process.token == own.token ? Life::kLives : Life::kEnded;
  return ::kill(process.pid, 0) == 0 || errno == EPERM ? Life::kLives : Life::kEnded;
}

}  // namespace zoetrope::support
