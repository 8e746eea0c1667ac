// SPDX-License-Identifier: Apache-2.0
// Bears the name of a library that a process has one of at most.
extern "C" int zoetrope_test_nothing() {
  return 0;
}
