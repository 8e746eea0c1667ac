// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/mapping_guard.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/terminal.hpp"

namespace zoetrope::support {

namespace {

// Read by the signal's handler, which may take no lock: begin is written last and cleared first.
struct Slot {
  std::atomic<bool> is_taken{false};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<const char*> line{nullptr};
};
std::array<Slot, 4096> slots;
struct sigaction previous_action;

const char* line_of(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (const Slot& slot : slots) {
    const std::uintptr_t begin = slot.begin.load();
    if (begin != 0 && at >= begin && at < slot.end.load()) return slot.line.load();
  }
  return nullptr;
}

extern "C" void report_lost_mapping(int signal, siginfo_t* info, void* /*context*/) {
  if (const char* line = line_of(info->si_addr); line != nullptr) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line, std::strlen(line));
    ::_exit(static_cast<int>(ExitCode::kFailed));
  }
  sigaction(signal, &previous_action, nullptr);  // to which it comes again as this returns
}

}  // namespace

void report_lost_mappings() {
  struct sigaction action {};
  action.sa_sigaction = report_lost_mapping;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  struct sigaction before {};
  sigaction(SIGBUS, &action, &before);
  if (before.sa_sigaction != report_lost_mapping) previous_action = before;  // it may be called again
}

MappingGuard::MappingGuard(const void* begin, std::size_t size, const std::string& message) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Slot& slot = slots[i];
    if (slot.is_taken.exchange(true)) continue;
    const std::string line = "zoetrope: " + printable(message) + "\n";
    slot.line = ::strdup(line.c_str());
    slot.end = reinterpret_cast<std::uintptr_t>(begin) + size;
    slot.begin = reinterpret_cast<std::uintptr_t>(begin);
    slot_ = static_cast<int>(i);
    return;
  }
}

MappingGuard::~MappingGuard() {
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  slot.begin = 0;
  std::free(const_cast<char*>(slot.line.exchange(nullptr)));
  slot.is_taken = false;
}

MappingGuard::MappingGuard(MappingGuard&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

MappingGuard& MappingGuard::operator=(MappingGuard&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

}  // namespace zoetrope::support
