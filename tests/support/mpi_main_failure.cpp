// SPDX-License-Identifier: Apache-2.0
// An assertion that fails on one rank of several, for tests/mpi_main.cpp to tell.
#include <gtest/gtest.h>
#include <mpi.h>

namespace {

TEST(Ranks, AllButOneAreContent) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  EXPECT_NE(rank, 2) << "what is wrong on rank " << rank;
}

}  // namespace
