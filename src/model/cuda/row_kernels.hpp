// SPDX-License-Identifier: Apache-2.0
// row_kernels.cu as machine code.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "compiler.hpp"
#include "cubin_cache.hpp"

namespace zoetrope::model {

inline constexpr std::array kRowKernels = {"add_norm", "add_norm_gradient", "add_partial_sums", "bias_gelu",
                                           "bias_gelu_gradient"};

// For rows of `hidden` columns on `architecture`, "sm_90": out of the cache, or compiled and kept there.
std::string compile_row_kernels(const Compiler& compiler, const CubinCache& cache,
                                const std::string& architecture, std::int64_t hidden);

}  // namespace zoetrope::model
