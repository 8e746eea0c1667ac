// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <system_error>

#include <c10/util/Exception.h>

#include "zoetrope/support/system_error.hpp"

namespace zoetrope::jobs {

namespace {

constexpr const char* kNoMemory =
    "there is not enough memory (or ulimit -v is too low): use a smaller --micro-batch or --image-cache, "
    "fewer ranks on the host, or a host with more";

constexpr const char* kNoDeviceMemory =
    "the GPU does not have enough memory: use --precision bf16, in training a smaller --micro-batch, or a "
    "GPU with more or without other programs, which nvidia-smi shows, or --device cpu";

// What libtorch and CUDA's runtime say of a GPU begins so.
bool is_about_device_memory(const std::string& text) {
  return text.starts_with("CUDA out of memory") || text.starts_with("CUDA error: out of memory");
}

bool is_about_memory(const std::string& text) {
  return std::ranges::any_of(std::initializer_list<const char*>{"can't allocate memory", "out of memory",
                                                                "Cannot allocate memory", "bad_alloc"},
                             [&](const char* words) { return text.find(words) != std::string::npos; });
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Failure of_path(const std::filesystem::filesystem_error& error) {
  try {
    support::throw_system_error(error.path1(), "cannot be used", error.code().value());
  } catch (const Error& told) {
    return {told.what(), told.code()};
  }
}

}  // namespace

Failure failure_of(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return {own->what(), own->code()};
  if (const auto* path = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return of_path(*path);
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return {kNoMemory, ExitCode::kFailed};
  std::string text = error.what();
  if (const auto* torch = dynamic_cast<const c10::Error*>(&error)) text = torch->what_without_backtrace();
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again)
    return {"no thread can be started (" + text + "): there is not enough memory, or ulimit -u is too low",
            ExitCode::kFailed};
  if (is_about_device_memory(text))
    return {std::string(kNoDeviceMemory) + " (" + first_line(text) + ")", ExitCode::kFailed};
  if (is_about_memory(text))
    return {std::string(kNoMemory) + " (" + first_line(text) + ")", ExitCode::kFailed};
  return {first_line(text), ExitCode::kFailed};
}

}  // namespace zoetrope::jobs
