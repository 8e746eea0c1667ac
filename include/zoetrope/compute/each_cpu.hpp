// SPDX-License-Identifier: Apache-2.0
#pragma once

// One build serves every x86-64 processor: what is marked so is compiled for each of these, and the best is
// chosen when the program starts. On function definitions in .cpp files only.
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
#define ZOETROPE_FOR_EACH_CPU __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ZOETROPE_FOR_EACH_CPU
#endif
