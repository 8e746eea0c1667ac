// SPDX-License-Identifier: Apache-2.0
#include "process_name.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "zoetrope/support/digest.hpp"

#include "file_descriptor.hpp"

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

constexpr const char* kUnknownStart = "0";  // no process has this one

struct Status {
  bool is_there = true;  // a process of this number
  char state = '?';      // '?': it cannot be looked at
  std::string start = kUnknownStart;
};

// Of what /proc says in one line.
Status parse_status(const std::string& text) {
  Status status;
  // The program's name, in parentheses, may hold anything. After it: the state, and 18 numbers before the
  // start.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return status;
  std::istringstream fields(text.substr(name_end + 1));
  fields >> status.state;
  for (int i = 0; i < 19; ++i) fields >> status.start;
  return fields ? status : Status();
}

// Others' processes may be hidden in /proc, or that may not be there: only the system's word is an end.
bool has_ended(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

Status status_of(pid_t pid) {
  std::array<char, 4096> text;
  const FileDescriptor fd(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t count = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : -1;
  if (count > 0) return parse_status({text.data(), static_cast<std::size_t>(count)});
  Status status;
  status.is_there = !has_ended(pid);
  return status;
}

// Asked for once: it does not change, and later there may be no descriptor to ask with. Without a lock, which
// could be held while the process forks.
std::string own_start() {
  static std::atomic<std::uint64_t> known{0};
  static std::atomic<pid_t> of{0};  // another process after a fork
  if (of == ::getpid()) return std::to_string(known);
  const std::string start = status_of(::getpid()).start;
  std::uint64_t ticks = 0;
  std::from_chars(start.data(), start.data() + start.size(), ticks);
  if (ticks != 0) known = ticks, of = ::getpid();
  return start;
}

}  // namespace

ProcessName ProcessName::own() {
  static const std::string place = place_of_this_process(), token = random_token();
  return {place, ::getpid(), own_start(), token};
}

bool ProcessName::is_of_same_process(const ProcessName& other) const {
  return place == other.place && pid == other.pid && token == other.token;
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
  const Status status = status_of(process.pid);
  const bool is_another =
      status.start != process.start && status.start != kUnknownStart && process.start != kUnknownStart;
  const bool lives = status.is_there && !is_another && status.state != 'Z' && status.state != 'X';
  return lives ? Life::kLives : Life::kEnded;
}

}  // namespace zoetrope::support
