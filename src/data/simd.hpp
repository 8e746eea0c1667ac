// SPDX-License-Identifier: Apache-2.0
// One program serves every x86-64 processor: what is marked ZT_AVX2 is called only where best_instructions()
// says so. A plain branch and no target_clones: it works in clang and under sanitizers as well, and a test
// can take the other way.
#pragma once

namespace zoetrope::data {

enum class Instructions { kPortable, kAvx2 };

#ifdef __x86_64__
#define ZT_AVX2 [[gnu::target("avx2,fma")]]
inline Instructions best_instructions() {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has_avx2 ? Instructions::kAvx2 : Instructions::kPortable;
}
#else
#define ZT_AVX2
inline Instructions best_instructions() {
  return Instructions::kPortable;
}
#endif

}  // namespace zoetrope::data
