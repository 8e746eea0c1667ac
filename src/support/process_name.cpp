// SPDX-License-Identifier: Apache-2.0
#include "process_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

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

struct Status {
  char state = 'X';
  std::string start;
};

// None where no process has this number.
std::optional<Status> status_of(pid_t pid) {
  std::string text;
  if (!std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), text)) return std::nullopt;
  // The program's name, in parentheses, may hold anything. After it: the state, and 18 numbers before the
  // start.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  Status status;
  fields >> status.state;
  for (int i = 0; i < 19; ++i) fields >> status.start;
  return status;
}

}  // namespace

ProcessName ProcessName::own() {
  static const std::string place = place_of_this_process(), token = random_token();
  const auto status = status_of(::getpid());
  return {place, ::getpid(), status ? status->start : "0", token};
}

std::string ProcessName::text() const {
  return place + "-" + std::to_string(pid) + "-" + start + "-" + token;
}

std::optional<ProcessName> ProcessName::parse(std::string_view text) {
  std::array<std::string, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto end = i + 1 < parts.size() ? text.find('-') : text.size();
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    parts[i] = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  ProcessName name{parts[0], 0, parts[2], parts[3]};
  const auto [end, error] = std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), name.pid);
  if (error != std::errc{} || end != parts[1].data() + parts[1].size() || name.pid <= 0) return std::nullopt;
  return name;
}

Life life_of(const ProcessName& process) {
  if (process.place != ProcessName::own().place) return Life::kUnknown;
  const auto status = status_of(process.pid);
  const bool lives = status && status->start == process.start && status->state != 'Z' && status->state != 'X';
  return lives ? Life::kLives : Life::kEnded;
}

}  // namespace zoetrope::support
