// SPDX-License-Identifier: Apache-2.0
// Memory for gigabytes, and for what is needed again in every step.
#pragma once

#include <cstddef>
#include <memory>

namespace zoetrope::support {

// `bytes` of zeros, which take no memory and no time until they are touched, in huge pages where the system
// has them: touched for the first time in pages of 4 KiB, a large buffer costs more than what is written to
// it. Null when there is no memory. Smaller ones are better left to the usual allocators.
std::shared_ptr<void> lazy_zeros(std::size_t bytes);

// From now on, freed memory stays with this process (up to half a GiB) instead of going back to the system: a
// training step frees its activations and asks for them again in the next, and pages that come anew cost 5 %
// of it. Nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace zoetrope::support
