// SPDX-License-Identifier: Apache-2.0
// Memory for gigabytes.
#pragma once

#include <cstddef>
#include <memory>

namespace zoetrope::support {

// `bytes` of zeros, which take no memory and no time until they are touched, in huge pages where the system
// has them: touched for the first time in pages of 4 KiB, a large buffer costs more than what is written to
// it. Null when there is no memory. Smaller ones are better left to the usual allocators.
std::shared_ptr<void> lazy_zeros(std::size_t bytes);

}  // namespace zoetrope::support
