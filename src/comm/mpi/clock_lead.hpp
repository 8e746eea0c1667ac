// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include <mpi.h>

namespace zoetrope::comm {

// See World::clock_lead(). Collective over `comm`.
std::int64_t measure_clock_lead(MPI_Comm comm, const std::function<std::int64_t()>& clock);

}  // namespace zoetrope::comm
