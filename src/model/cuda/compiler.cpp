// SPDX-License-Identifier: Apache-2.0
#include "compiler.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>

#include <dlfcn.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::model {

namespace {

// What is used of nvrtc.h, which is not on every machine that compiles this.
using Program = void*;
using Version = int(int* major, int* minor);
using CreateProgram = int(Program* program, const char* source, const char* name, int num_headers,
                          const char* const* headers, const char* const* include_names);
using CompileProgram = int(Program program, int num_options, const char* const* options);
using DestroyProgram = int(Program* program);
using SizeOf = int(Program program, std::size_t* size);
using Copy = int(Program program, char* to);
using ErrorString = const char*(int code);

std::string last_dl_error() {
  const char* const error = dlerror();
  return error == nullptr ? "unknown error" : error;
}

}  // namespace

Compiler::Compiler(const std::string& library)
    : library_(library), handle_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw RunError(last_dl_error() + "; NVRTC comes with the full torch wheel");
}

template <typename Function>
Function* Compiler::find(const char* symbol) const {
  void* const found = dlsym(handle_, symbol);
  if (found == nullptr) throw RunError(library_ + ": has no " + symbol);
  return reinterpret_cast<Function*>(found);
}

std::string Compiler::version() const {
  int major = 0, minor = 0;
  find<Version>("nvrtcVersion")(&major, &minor);
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string Compiler::compile(const std::string& source, const std::string& name,
                              const std::vector<std::string>& options) const {
  const auto require = [&](int code, const std::string& what) {
    if (code != 0) throw RunError(name + ": " + what + ": " + find<ErrorString>("nvrtcGetErrorString")(code));
  };
  const auto text_of = [&](Program program, const char* size_of, const char* copy) {
    std::size_t size = 0;
    require(find<SizeOf>(size_of)(program, &size), size_of);
    std::string text(size, '\0');
    require(find<Copy>(copy)(program, text.data()), copy);
    return text;
  };
  Program program = nullptr;
  require(
      find<CreateProgram>("nvrtcCreateProgram")(&program, source.c_str(), name.c_str(), 0, nullptr, nullptr),
      "nvrtcCreateProgram");
  auto* const destroy = find<DestroyProgram>("nvrtcDestroyProgram");
  const std::unique_ptr<Program, DestroyProgram*> owner(&program, destroy);
  std::vector<const char*> words(options.size());
  std::ranges::transform(options, words.begin(), [](const std::string& option) { return option.c_str(); });
  const int code =
      find<CompileProgram>("nvrtcCompileProgram")(program, static_cast<int>(words.size()), words.data());
  if (code != 0) {
    const std::string log = text_of(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
    throw RunError(
        name + ": NVRTC " + version() + " does not compile it: " +
        (log.size() > 1 ? log.substr(0, log.find('\n')) : find<ErrorString>("nvrtcGetErrorString")(code)));
  }
  return text_of(program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN");
}

}  // namespace zoetrope::model
