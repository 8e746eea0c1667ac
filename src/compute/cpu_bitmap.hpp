// SPDX-License-Identifier: Apache-2.0
// Sets of CPUs as hwloc's bitmaps. Without a topology, whose loading costs 10 to 50 ms here even where all
// kinds of objects are filtered out: it opens its plugins for OpenGL and OpenCL. Which CPUs a process may use
// the system tells itself.
#pragma once

#include <memory>

#include <hwloc/bitmap.h>

#include "zoetrope/compute/cpu_set.hpp"

namespace zoetrope::compute {

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using CpuBitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

CpuBitmap to_bitmap(const CpuSet& cpus);
CpuSet to_set(const CpuBitmap& bitmap);

}  // namespace zoetrope::compute
