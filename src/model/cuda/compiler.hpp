// SPDX-License-Identifier: Apache-2.0
// NVRTC, CUDA's compiler as a library: it comes with the torch wheel, and needs neither a toolkit nor a GPU.
#pragma once

#include <string>
#include <vector>

namespace zoetrope::model {

class Compiler {
 public:
  // Loads `library`, a path or "libnvrtc.so.13", for the rest of the process. RunError where it cannot.
  explicit Compiler(const std::string& library);

  std::string version() const;  // "13.2"
  // The machine code (cubin) of CUDA source; `name` is what messages call it. RunError with the first line of
  // NVRTC's log.
  std::string compile(const std::string& source, const std::string& name,
                      const std::vector<std::string>& options) const;

 private:
  template <typename Function>
  Function* find(const char* symbol) const;

  std::string library_;
  void* handle_;
};

}  // namespace zoetrope::model
