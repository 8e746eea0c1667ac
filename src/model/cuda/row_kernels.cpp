// SPDX-License-Identifier: Apache-2.0
#include "row_kernels.hpp"

#include "zoetrope/support/log.hpp"

#include "../resources.hpp"

namespace zoetrope::model {

std::string compile_row_kernels(const Compiler& compiler, const CubinCache& cache,
                                const std::string& architecture, std::int64_t hidden) {
  const std::string source(resource("row_kernels.cu"));
  const std::vector<std::string> options = {"--gpu-architecture=" + architecture, "--std=c++17",
                                            "--define-macro=ZOETROPE_HIDDEN=" + std::to_string(hidden)};
  std::string key = "NVRTC " + compiler.version() + "\n";
  for (const std::string& option : options) key += option + "\n";
  key += source;
  if (const auto kept = cache.find(key)) return *kept;
  std::string cubin = compiler.compile(source, "row_kernels.cu", options);
  const std::string why_not = cache.keep(key, cubin);
  if (!why_not.empty()) support::log_info("compiled kernels are not kept for the next start: " + why_not);
  return cubin;
}

}  // namespace zoetrope::model
