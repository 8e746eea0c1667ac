// SPDX-License-Identifier: Apache-2.0
// The build targets any x86-64, so the hot loops are compiled once more for AVX2 and AVX-512 machines; the
// loader picks. Other processors and compilers get the one version.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define ZT_SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ZT_SIMD_CLONES
#endif
