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
  std::string token;  // differs from that of an earlier process of this number; cannot be guessed

  static ProcessName own();
  // "place-pid-token"; none where `text` is not one.
  static std::optional<ProcessName> parse(std::string_view text);
  std::string text() const;
};

enum class Life { kLives, kEnded, kUnknown };

// kUnknown where it runs elsewhere.
Life life_of(const ProcessName& process);

}  // namespace zoetrope::support
