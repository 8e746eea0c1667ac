// SPDX-License-Identifier: Apache-2.0
// What libgomp (OpenMP's threads) is told that it does not know by itself:
// - Its threads spin for milliseconds before they sleep, unless the environment says otherwise. On a busy
//   machine they take the cores from the thread that they wait for: two threads were many times as slow as
//   one.
// - OMP_PROC_BIND, OMP_PLACES or GOMP_CPU_AFFINITY, which modules of clusters set for all programs, have it
//   bind the main thread to the first core as soon as it is loaded, on every rank to the same one; all
//   threads that are started later inherit that. The ranks share the cores among themselves.
// libgomp reads its environment when it is loaded, long before main(), and has no call that sets these. What
// the dynamic linker runs before all libraries is the executable's .preinit_array; the C library takes its
// environment only after that, so a variable cannot be added there, but one can be exchanged in place: a
// shell's own one, that no library reads, says GOMP_SPINCOUNT while libraries are loaded, and one that binds
// says OMP_PROC_BIND=false, which makes libgomp ignore the others. Both are then put back.
#include <array>
#include <span>
#include <string_view>

#include <unistd.h>

namespace {

struct Exchange {
  char* ours;
  char* own = nullptr;  // what stood there; null where nothing was exchanged
};

// Microseconds of spinning: as long as it takes to wake a thread, so a quiet machine loses nothing.
char spin_count[] = "GOMP_SPINCOUNT=1000";
char unbound[] = "OMP_PROC_BIND=false";
constinit Exchange waiting{spin_count};
constinit Exchange binding{unbound};

constexpr std::array<std::string_view, 7> kShellsOwn = {
    "_=", "SHLVL=", "OLDPWD=", "PWD=", "USER=", "LOGNAME=", "PATH="};
// OMP_PROC_BIND first: it must not be there twice.
constexpr std::array<std::string_view, 3> kBinding = {"OMP_PROC_BIND=", "OMP_PLACES=", "GOMP_CPU_AFFINITY="};

bool has(char** environment, std::string_view name) {
  for (char** variable = environment; *variable != nullptr; ++variable)
    if (std::string_view(*variable).starts_with(name)) return true;
  return false;
}

// In place of the first of `names` that is there.
void put_in(Exchange& exchange, char** environment, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    for (char** variable = environment; *variable != nullptr; ++variable) {
      if (!std::string_view(*variable).starts_with(name)) continue;
      exchange.own = *variable;
      *variable = exchange.ours;
      return;
    }
  }
}

void exchange(int, char**, char** environment) {
  put_in(binding, environment, kBinding);
  if (has(environment, "GOMP_SPINCOUNT=") || has(environment, "OMP_WAIT_POLICY=")) return;
  put_in(waiting, environment, kShellsOwn);
}

// After the libraries' constructors, and before the program's own.
[[gnu::constructor(101)]] void put_back() {
  for (const Exchange& exchanged : {waiting, binding})
    for (char** variable = environ; exchanged.own != nullptr && *variable != nullptr; ++variable)
      if (*variable == exchanged.ours) *variable = exchanged.own;
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const exchange_first)(int, char**, char**) = exchange;

}  // namespace
