// SPDX-License-Identifier: Apache-2.0
// What a process is known by to others, on other machines and in other containers, too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace zoetrope::support {

struct ProcessName {
  std::string place;  // of the running kernel and its container: process numbers mean the same within it
  pid_t pid = 0;
  std::string start;  // of the process, in ticks since boot: another one of this number began later; "0":
                      // not known
  std::string token;  // cannot be guessed

  static ProcessName own();
  // "place-pid-start-token"; none where `text` is not one.
  static std::optional<ProcessName> parse(std::string_view text);
  std::string text() const;
  // Whether both are one process's: also where the start of one is not known, as /proc could not be read.
  bool is_of_same_process(const ProcessName& other) const;
};

enum class Life { kLives, kEnded, kUnknown };

// kUnknown where it runs elsewhere. One that has ended and nobody has waited for has ended; one that cannot
// be looked at lives.
Life life_of(const ProcessName& process);

}  // namespace zoetrope::support
