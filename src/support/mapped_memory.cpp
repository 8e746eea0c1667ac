// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/mapped_memory.hpp"

#include <array>
#include <charconv>
#include <mutex>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace zoetrope::support {

namespace {

struct Mappings {
  std::mutex mutex;
  std::vector<std::span<const std::byte>> all;
  // Pages of files that are none of these: the program's own. What is left when all of these are given back.
  std::atomic<std::size_t> others{0};
};

Mappings& mappings() {
  static Mappings one;
  return one;
}

// The third number of /proc/self/statm: this process's resident pages of files. 0 where it cannot be read.
std::size_t resident_of_files() {
  static const int statm = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::array<char, 128> text{};
  const ssize_t size = statm < 0 ? -1 : ::pread(statm, text.data(), text.size(), 0);
  if (size <= 0) return 0;
  const char *at = text.data(), *const end = at + size;
  std::size_t pages = 0;
  for (int field = 0; field < 3; ++field) {
    const auto [next, error] = std::from_chars(at, end, pages);
    if (error != std::errc{} || next == end) return 0;
    at = next + 1;
  }
  return pages * page;
}

}  // namespace

void detail::give_back_mapped() {
  Mappings& known = mappings();
  if (resident_of_files() <= known.others + mapped_limit) return;
  const std::unique_lock lock(known.mutex, std::try_to_lock);
  if (!lock) return;  // another thread is at it
  for (const std::span<const std::byte> mapping : known.all)
    ::madvise(const_cast<std::byte*>(mapping.data()), mapping.size(), MADV_DONTNEED);
  known.others = resident_of_files();
}

void limit_mapped_memory(std::size_t bytes) {
  mappings().others = resident_of_files();
  detail::mapped_limit = bytes;
}

BoundedMapping::BoundedMapping(std::span<const std::byte> mapping) : mapping_(mapping) {
  const std::lock_guard lock(mappings().mutex);
  mappings().all.push_back(mapping);
}

BoundedMapping::~BoundedMapping() {
  const std::lock_guard lock(mappings().mutex);
  std::erase_if(mappings().all, [&](const auto& each) { return each.data() == mapping_.data(); });
}

}  // namespace zoetrope::support
