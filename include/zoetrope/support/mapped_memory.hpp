// SPDX-License-Identifier: Apache-2.0
// How much of this process's memory may be pages of files that it has mapped. The system brings a page in
// when somebody looks at it, and takes it away only when memory runs out; until then a process that walks
// through a file seems as large as the file.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>

namespace zoetrope::support {

namespace detail {
inline std::atomic<std::size_t> mapped_limit{0};
void give_back_mapped();
}  // namespace detail

// From now on, so many bytes; 0: as much as the system likes.
void limit_mapped_memory(std::size_t bytes);

// Gives pages of all BoundedMappings back where they are more than the limit: what was given back is read
// again, mostly from the system's cache, when somebody looks at it. Whoever reads such files, in whatever
// thread, comes here each time that it has looked at a megabyte or so; between two calls nothing is limited.
inline void keep_mapped_limit() {
  if (detail::mapped_limit.load(std::memory_order_relaxed) != 0) detail::give_back_mapped();
}

// The bytes are a mapping that begins at a page, is read only, and outlives this.
class BoundedMapping {
 public:
  explicit BoundedMapping(std::span<const std::byte> mapping);
  ~BoundedMapping();
  BoundedMapping(const BoundedMapping&) = delete;
  BoundedMapping& operator=(const BoundedMapping&) = delete;

 private:
  std::span<const std::byte> mapping_;
};

}  // namespace zoetrope::support
