// SPDX-License-Identifier: Apache-2.0
// Two ranks with a communicator over the double of NCCL and CUDA, for tests that break rules on purpose.
#pragma once

#include <cstdlib>
#include <thread>
#include <vector>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <mpi.h>
#include <nccl.h>

#include "comm/double/double.hpp"

namespace zoetrope::comm {

class Double : public testing::Test {
 protected:
  void SetUp() override {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    ASSERT_EQ(size, 2);
    ASSERT_STREQ(std::getenv("ZOETROPE_TEST_RANKS"), "2");
    nccl_double::set_up();
    cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking, -5);
    cudaEventCreateWithFlags(&ready_, cudaEventDisableTiming);
    cudaEventCreateWithFlags(&done_, cudaEventDisableTiming);
    ncclUniqueId id{};
    if (rank_ == 0) ncclGetUniqueId(&id);
    MPI_Bcast(&id, sizeof id, MPI_BYTE, 0, MPI_COMM_WORLD);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    ASSERT_EQ(ncclCommInitRankConfig(&comm_, 2, id, rank_, &config), ncclInProgress);
    ASSERT_EQ(settle(comm_), ncclSuccess);
  }

  void TearDown() override {
    MPI_Barrier(MPI_COMM_WORLD);
    if (comm_ != nullptr) ncclCommAbort(comm_);
    cudaEventDestroy(ready_);
    cudaEventDestroy(done_);
    cudaStreamDestroy(stream_);
    EXPECT_EQ(nccl_double::live_objects(), "");
    nccl_double::take_violations();
    nccl_double::tear_down();
  }

  static ncclResult_t settle(ncclComm_t comm) {
    ncclResult_t state = ncclInProgress;
    while (state == ncclInProgress) {
      ncclCommGetAsyncError(comm, &state);
      std::this_thread::yield();
    }
    return state;
  }

  // What a correct program does before and after its calls.
  void order_after_host() {
    cudaEventRecord(ready_, nccl_double::host_stream());
    cudaStreamWaitEvent(stream_, ready_, 0);
  }
  void finish() {
    settle(comm_);
    cudaEventRecord(done_, stream_);
    cudaStreamWaitEvent(nccl_double::host_stream(), done_, 0);
  }
  ncclResult_t all_reduce(std::vector<float>& values) {
    return all_reduce(values, values.size(), ncclFloat32);
  }
  ncclResult_t all_reduce(std::vector<float>& values, std::size_t count, ncclDataType_t type) {
    return ncclAllReduce(values.data(), values.data(), count, type, ncclSum, comm_, stream_);
  }

  int rank_ = 0;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t ready_ = nullptr;
  cudaEvent_t done_ = nullptr;
  ncclComm_t comm_ = nullptr;
  std::vector<float> values_ = std::vector<float>(10, 1.0F);
};

}  // namespace zoetrope::comm
