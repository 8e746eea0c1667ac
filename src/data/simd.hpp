// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compiles a function once per instruction set and picks at load time: the program runs on any x86-64 machine
// and uses what this one has. Sanitizers cannot run the picking, which comes before they start.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ZT_SIMD_CLONES __attribute__((target_clones("default", "avx2", "arch=skylake-avx512")))
#else
#define ZT_SIMD_CLONES
#endif
