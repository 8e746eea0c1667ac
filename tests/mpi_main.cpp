// SPDX-License-Identifier: Apache-2.0
// main() of tests that run under mpirun: every rank runs every test, all of them in one scratch folder, and
// the program fails on all ranks when it fails on one. Rank 0 prints the results, the others what fails.
#include <array>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <mpi.h>

#include "support/scratch.hpp"

namespace {

// Rank 0's folder is the others' as well.
class ScratchOfAllRanks : public testing::EmptyTestEventListener {
 public:
  explicit ScratchOfAllRanks(int rank) : rank_(rank) {}

  void OnTestStart(const testing::TestInfo& test) override {
    outside_ = std::filesystem::current_path();
    std::array<char, PATH_MAX> path{};
    if (rank_ == 0) {
      of_rank_0_.OnTestStart(test);
      std::filesystem::current_path().string().copy(path.data(), path.size() - 1);
    }
    MPI_Bcast(path.data(), static_cast<int>(path.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
    std::filesystem::current_path(path.data());
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    MPI_Barrier(MPI_COMM_WORLD);
    std::filesystem::current_path(outside_);
    if (rank_ == 0) of_rank_0_.OnTestEnd(test);
  }

 private:
  int rank_;
  std::filesystem::path outside_;
  zoetrope::scratch::ForEachTest of_rank_0_;
};

// Of the ranks whose results are not printed the failures are, each in one piece.
class FailuresOfRank : public testing::EmptyTestEventListener {
 public:
  explicit FailuresOfRank(int rank) : rank_(rank) {}

  void OnTestStart(const testing::TestInfo& test) override {
    name_ = std::string(test.test_suite_name()) + "." + test.name();
  }
  // Asking UnitTest for anything here would wait for its lock for ever.
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    const char* file = result.file_name() == nullptr ? "unknown file" : result.file_name();
    std::fprintf(stderr, "[rank %d] %s, %s:%d: Failure\n%s\n", rank_, name_.c_str(), file,
                 result.line_number(), result.message());
  }

 private:
  int rank_;
  std::string name_;
};

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  testing::InitGoogleTest(&argc, argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank != 0) {
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailuresOfRank(rank));
  }
  listeners.Append(new ScratchOfAllRanks(rank));
  int failed = RUN_ALL_TESTS();
  if (failed != 0) std::fprintf(stderr, "[rank %d] a test failed\n", rank);
  int failed_anywhere = 0;
  MPI_Allreduce(&failed, &failed_anywhere, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed_anywhere;
}
