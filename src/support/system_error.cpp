// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/system_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "zoetrope/support/log.hpp"

namespace zoetrope::support {

void throw_system_error(const std::filesystem::path& path, const std::string& what, int error) {
  constexpr std::array wrong_path = {ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, ENXIO, ENODEV};
  const std::string message = path.string() + ": " + what + ": " + std::strerror(error);
  if (std::ranges::find(wrong_path, error) != wrong_path.end()) throw InputError(message);
  if (error == EIO || error == ESTALE) throw PassingError(message);
  throw RunError(message);
}

void pause_after(const PassingError& error) {
  log_warning(std::string(error.what()) + "; it is tried again");
  std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace zoetrope::support
