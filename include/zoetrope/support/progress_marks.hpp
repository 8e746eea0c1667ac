// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace zoetrope::support {

// Says that this process has got something done: an image, a block of a file, a frame. The watchdog takes a
// rank for stuck only after a time without. Cheap, from any thread; every Progress::update() says it.
void mark_progress();
// How often it was said.
std::int64_t progress_marks();

}  // namespace zoetrope::support
