// SPDX-License-Identifier: Apache-2.0
// OpenMP's threads spin for milliseconds before they sleep, unless the environment says otherwise. On a busy
// machine they take the cores from the thread that they wait for: two threads were many times as slow as one.
// libgomp reads its environment when it is loaded, long before main(), and has no call that sets this. What
// the dynamic linker runs before all libraries is the executable's .preinit_array; the C library takes its
// environment only after that, so a variable cannot be added there, but one can be exchanged in place: a
// shell's own one, that no library reads, says GOMP_SPINCOUNT while libraries are loaded and is then put
// back.
#include <array>
#include <string_view>

#include <unistd.h>

namespace {

// Microseconds of spinning: as long as it takes to wake a thread, so a quiet machine loses nothing.
char spin_count[] = "GOMP_SPINCOUNT=1000";
char* exchanged = nullptr;

constexpr std::array<std::string_view, 7> kShellsOwn = {
    "_=", "SHLVL=", "OLDPWD=", "PWD=", "USER=", "LOGNAME=", "PATH="};

bool has(char** environment, std::string_view name) {
  for (char** variable = environment; *variable != nullptr; ++variable)
    if (std::string_view(*variable).starts_with(name)) return true;
  return false;
}

void exchange(int, char**, char** environment) {
  if (has(environment, "GOMP_SPINCOUNT=") || has(environment, "OMP_WAIT_POLICY=")) return;
  for (const std::string_view name : kShellsOwn) {
    for (char** variable = environment; *variable != nullptr; ++variable) {
      if (!std::string_view(*variable).starts_with(name)) continue;
      exchanged = *variable;
      *variable = spin_count;
      return;
    }
  }
}

// After the libraries' constructors, and before the program's own.
[[gnu::constructor(101)]] void put_back() {
  for (char** variable = environ; exchanged != nullptr && *variable != nullptr; ++variable)
    if (*variable == spin_count) *variable = exchanged;
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const exchange_first)(int, char**, char**) = exchange;

}  // namespace
