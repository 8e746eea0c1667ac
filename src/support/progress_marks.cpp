// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/progress_marks.hpp"

#include <atomic>

namespace zoetrope::support {

namespace {

std::atomic<std::int64_t> marks{0};

}  // namespace

void mark_progress() {
  marks.fetch_add(1, std::memory_order_relaxed);
}

std::int64_t progress_marks() {
  return marks.load(std::memory_order_relaxed);
}

}  // namespace zoetrope::support
