// SPDX-License-Identifier: Apache-2.0
// A whole `zoetrope run` whose tensors go over NCCL, under mpirun and over the double of NCCL and CUDA: the
// same results, to the bit, as over MPI, and no rule of the two libraries broken.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/support/progress.hpp"

#include "../../src/pipeline/analysis_ahead.hpp"
#include "comm/double/double.hpp"
#include "options.hpp"
#include "tensors.hpp"

namespace zoetrope::jobs {
namespace {

namespace nccl_double = comm::nccl_double;
using ::testing::IsEmpty;

constexpr unsigned kAll =
    kData | kModel | kTraining | kCompute | kDevice | kForward | kAnalysis | kRendering | kSchedule;

class NcclRun : public ::testing::Test {
 protected:
  NcclRun() {
    nccl_double::set_up();
    int argc = 0;
    char** argv = nullptr;
    world_ = std::make_unique<comm::World>(argc, argv);
    support::set_progress_style(support::ProgressStyle::kNone);
  }
  ~NcclRun() override {
    world_.reset();
    EXPECT_THAT(nccl_double::take_violations(), IsEmpty());
    EXPECT_EQ(nccl_double::live_objects(), "");
    nccl_double::tear_down();
  }

  // A run on "gpu" (tensors over NCCL) or on the CPU (over MPI) into a folder of that name.
  store::RunDirectory run(const std::string& name, std::vector<std::string> more) {
    const auto folder = std::filesystem::current_path() / name;
    std::filesystem::create_directories(folder);  // all ranks the same one
    std::vector<std::string> words = {"--run",           folder.string(),
                                      "--model",         testing::golden("vit-tiny").string(),
                                      "--train-limit",   "300",
                                      "--test-limit",    "300",
                                      "--max-steps",     "10",
                                      "--save-steps",    "5",
                                      "--logging-steps", "5",
                                      "--learning-rate", "1e-3",
                                      "--threads",       "1",
                                      "--size",          "640x360"};
    words.insert(words.end(), more.begin(), more.end());
    if (std::ranges::find(more, "--precision") == more.end())
      words.insert(words.end(), {"--precision", "fp32"});
    pipeline::Session session(*world_, parse_options("run", kAll, words).pipeline);
    world_->set_compute_threads(0);  // as with free cores: MPI then adds in the double's order
    backend_ = session.communicators().tensors.backend();
    pipeline::run(session);
    world_->communicator().barrier();
    return store::RunDirectory{folder};
  }

  static void expect_equal(const store::RunDirectory& actual, const store::RunDirectory& expected) {
    const auto log = store::read_unmended_log(actual), wanted = store::read_unmended_log(expected);
    ASSERT_EQ(log.size(), 2U);
    ASSERT_EQ(wanted.size(), 2U);
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_EQ(log[i].loss, wanted[i].loss);
      EXPECT_EQ(log[i].grad_norm, wanted[i].grad_norm);
      EXPECT_EQ(log[i].accuracy, wanted[i].accuracy);
    }
    ASSERT_EQ(actual.checkpoint_steps(), (std::vector<std::int64_t>{0, 5, 10}));
    for (const std::int64_t step : actual.checkpoint_steps()) {
      const auto rows = store::read_embeddings(actual.checkpoint(step));
      const auto wanted_rows = store::read_embeddings(expected.checkpoint(step));
      EXPECT_EQ(rows.identity.model_digest, wanted_rows.identity.model_digest) << step;
      EXPECT_TRUE(rows.values == wanted_rows.values) << step;
      EXPECT_TRUE(rows.logits == wanted_rows.logits) << step;
    }
    const auto analysis = store::read_analysis(actual.analysis());
    const auto wanted_analysis = store::read_analysis(expected.analysis());
    EXPECT_EQ(analysis.outlier, wanted_analysis.outlier);
    EXPECT_TRUE(analysis.ood_score == wanted_analysis.ood_score);
    EXPECT_TRUE(analysis.aligned == wanted_analysis.aligned);
    EXPECT_TRUE(std::filesystem::exists(actual.animation("gif")));
  }

  std::unique_ptr<comm::World> world_;
  std::string backend_;
};

TEST_F(NcclRun, EqualsARunOverMpi) {
  const auto over_nccl = run("gpu", {"--device", "cuda"});
  EXPECT_EQ(backend_, "nccl");
  const auto over_mpi = run("cpu", {"--device", "cpu"});
  EXPECT_EQ(backend_, "mpi");
  expect_equal(over_nccl, over_mpi);
}

TEST_F(NcclRun, EmbeddingWhileTrainingEqualsARunOverMpi) {
  const auto over_nccl = run("gpu", {"--save", "in-situ"});  // --device auto takes the GPU
  EXPECT_EQ(backend_, "nccl");
  const auto over_mpi = run("cpu", {"--save", "in-situ", "--device", "cpu"});
  expect_equal(over_nccl, over_mpi);
}

TEST_F(NcclRun, AnalysingBesideTheTrainingEqualsAnalysingAfterIt) {
  const auto beside = run("beside", {"--analyze", "beside"});
  EXPECT_EQ(backend_, "nccl");
  const auto after = run("after", {"--analyze", "after"});
  expect_equal(beside, after);
  const auto found = store::read_analysis(beside.analysis()), wanted = store::read_analysis(after.analysis());
  EXPECT_TRUE(found.neighbour == wanted.neighbour);
  EXPECT_EQ(found.curves.at("effective_rank"), wanted.curves.at("effective_rank"));
  EXPECT_EQ(found.curves.at("linear_cka_first"), wanted.curves.at("linear_cka_first"));
}

TEST_F(NcclRun, WorksBesideTheTrainingWhereItIsOnAGpuAndLeavesCores) {
  const auto is_beside = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--run", "none", "--model", testing::golden("vit-tiny").string()});
    return pipeline::works_beside(pipeline::Session(*world_, parse_options("run", kAll, words).pipeline));
  };
  const bool is_root = world_->rank() == 0;
  EXPECT_EQ(is_beside({"--threads", "4"}), is_root);
  EXPECT_FALSE(is_beside({"--threads", "3"}));
  EXPECT_FALSE(is_beside({"--threads", "4", "--analyze", "after"}));
  EXPECT_EQ(is_beside({"--threads", "1", "--analyze", "beside"}), is_root);
  EXPECT_FALSE(is_beside({"--threads", "4", "--device", "cpu"}));
  EXPECT_EQ(is_beside({"--threads", "1", "--device", "cpu", "--analyze", "beside"}), is_root);
  EXPECT_FALSE(is_beside({"--threads", "4", "--precision", "tf32"}));
  EXPECT_THAT(
      [&] {
        is_beside({"--threads", "4", "--precision", "tf32", "--analyze", "beside"});
      },
      ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("--analyze after")));
}

// Ten steps of 300 images: three run as they are, six are replayed, the last batch is short. (By default
// steps are captured, too; the tests above compare such runs with runs over MPI.)
TEST_F(NcclRun, ReplayedStepsEqualStepsThatAreNot) {
  const auto replayed = run("on", {"--cuda-graph", "on"});
  const auto plain = run("off", {"--cuda-graph", "off"});
  expect_equal(replayed, plain);
}

TEST_F(NcclRun, ACaptureThatFailsOnOneRankIsGivenUpOnAll) {
  nccl_double::refuse_captures(world_->rank() == 0);
  const auto given_up = run("auto", {"--cuda-graph", "auto"});
  EXPECT_THAT(
      [&] {
        run("on", {"--cuda-graph", "on"});
      },
      ::testing::ThrowsMessage<RunError>(::testing::HasSubstr("--cuda-graph on: rank 0: ")));
  nccl_double::refuse_captures(false);
  expect_equal(given_up, run("off", {"--cuda-graph", "off"}));
}

TEST_F(NcclRun, WithoutMemoryForTheGraphTrainingGoesOnWithoutOne) {
  using nccl_double::Fault;
  nccl_double::set_fault(world_->rank() == 0 ? Fault::kNoMemoryForGraphs : Fault::kNone);
  const auto given_up = run("auto", {"--cuda-graph", "auto"});
  EXPECT_THAT(
      [&] {
        run("on", {"--cuda-graph", "on"});
      },
      ::testing::ThrowsMessage<RunError>(::testing::HasSubstr("out of memory")));
  nccl_double::set_fault(Fault::kNone);
  expect_equal(given_up, run("off", {"--cuda-graph", "off"}));
}

TEST_F(NcclRun, RefusesToCaptureAStepOfSeveralPasses) {
  EXPECT_THAT(
      [&] {
        run("on", {"--cuda-graph", "on", "--micro-batch", "4"});
      },
      ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("in passes of 4")));
}

TEST_F(NcclRun, RefusesToCaptureWithoutAFullBatch) {
  EXPECT_THAT(
      [&] {
        run("on", {"--cuda-graph", "on", "--batch-size", "301"});
      },
      ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("fewer training images")));
}

// A machine of one GPU, for tests.
TEST_F(NcclRun, RanksThatShareAGpuEqualRanksThatHaveOneEach) {
  const auto apart = run("apart", {"--device", "cuda"});
  nccl_double::share_device(true);
  setenv("NCCL_MULTI_RANK_GPU_ENABLE", "1", 1);
  nccl_double::report_version(23000);
  const auto together = run("together", {"--device", "cuda"});
  EXPECT_EQ(backend_, "nccl");
  nccl_double::report_version(22809);
  EXPECT_THAT(
      [&] {
        run("refused", {"--device", "cuda"});
      },
      ::testing::ThrowsMessage<RunError>(::testing::HasSubstr("here it is NCCL 2.28.9")));
  nccl_double::report_version(0);
  unsetenv("NCCL_MULTI_RANK_GPU_ENABLE");
  nccl_double::share_device(false);
  expect_equal(together, apart);
}

TEST_F(NcclRun, RecordsTensorFloat32) {
  const auto folder = run("tf32", {"--precision", "tf32"});
  EXPECT_EQ(store::read_identity(folder.checkpoint(10)).dtype, "tf32");
}

TEST_F(NcclRun, RefusesMpiForTensorsOnGpus) {
  EXPECT_THAT(
      [&] {
        run("gpu", {"--backend", "mpi"});
      },
      ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("--backend mpi")));
}

}  // namespace
}  // namespace zoetrope::jobs
