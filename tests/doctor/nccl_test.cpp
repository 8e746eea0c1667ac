// SPDX-License-Identifier: Apache-2.0
// What the doctor says of GPUs and NCCL, over the double of both.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/doctor/examine.hpp"

#include "comm/double/double.hpp"

namespace zoetrope::doctor {
namespace {

namespace nccl_double = comm::nccl_double;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class DoctorOverNccl : public ::testing::Test {
 protected:
  DoctorOverNccl() {
    nccl_double::set_up();
    int argc = 0;
    char** argv = nullptr;
    world_ = std::make_unique<comm::World>(argc, argv);
    request_.run = std::filesystem::current_path();
    request_.devices = compute::cuda_devices();
  }
  ~DoctorOverNccl() override {
    world_.reset();
    EXPECT_THAT(nccl_double::take_violations(), IsEmpty());
    EXPECT_EQ(nccl_double::live_objects(), "");
    nccl_double::tear_down();
  }

  Report examined() {
    Report report;
    Chart chart([&](const Report& made) { report = made; });
    examine(*world_, request_, chart);
    chart.print();
    return report;
  }

  static auto finding(Verdict verdict, const std::string& check, const std::string& text) {
    return AllOf(Field(&Finding::verdict, verdict), Field(&Finding::check, check),
                 Field(&Finding::text, HasSubstr(text)));
  }

  Request request_;
  std::unique_ptr<comm::World> world_;
};

TEST_F(DoctorOverNccl, ChecksAndTimesBothBackends) {
  const Report report = examined();
  EXPECT_FALSE(report.is_wrong()) << to_text(report);
  for (const char* backend : {"mpi", "nccl"}) {
    EXPECT_THAT(report.findings,
                Contains(finding(Verdict::kOk, std::string("values over ") + backend, "every collective")));
    EXPECT_THAT(report.collectives, Contains(AllOf(Field(&CollectiveTime::backend, backend),
                                                   Field(&CollectiveTime::operation, "all_reduce"))));
  }
  EXPECT_THAT(report.findings, Contains(finding(Verdict::kOk, "devices", "every rank sees a GPU")));
}

TEST_F(DoctorOverNccl, LeavesNcclAloneWhereTheJobComputesOnCpus) {
  request_.device = compute::DeviceChoice::kCpu;
  const Report report = examined();
  EXPECT_FALSE(report.is_wrong());
  EXPECT_THAT(report.collectives, Not(Contains(Field(&CollectiveTime::backend, "nccl"))));
}

TEST_F(DoctorOverNccl, NamesTheRankWithoutGpu) {
  if (world_->rank() == 1)
    request_.devices = {[] { return std::vector<compute::Device>{}; }, "the driver lists none"};
  for (const auto choice : {compute::DeviceChoice::kAuto, compute::DeviceChoice::kCuda}) {
    request_.device = choice;
    const Report report = examined();
    EXPECT_THAT(report.findings,
                Contains(finding(Verdict::kWrong, "devices",
                                 "rank 1 sees no GPU (" + world_->host() + ": the driver lists none)")));
    EXPECT_THAT(report.collectives, Not(Contains(Field(&CollectiveTime::backend, "nccl"))));
  }
}

TEST_F(DoctorOverNccl, SaysThatRanksShareAGpu) {
  nccl_double::share_device(true);
  request_.devices = compute::cuda_devices();
  const Report report = examined();
  EXPECT_THAT(report.findings, Contains(finding(Verdict::kWrong, "NCCL", "have 1 GPU; DOUBLE: ranks 0")));
  nccl_double::share_device(false);
}

TEST_F(DoctorOverNccl, SaysThatAnotherVersionIsLoadedThanItWasBuiltFor) {
  nccl_double::report_version(22809);
  const Report report = examined();
  EXPECT_THAT(report.findings, Contains(finding(Verdict::kWrong, "NCCL", "NCCL 2.28.9 was loaded")));
  nccl_double::report_version(0);
}

TEST_F(DoctorOverNccl, SaysThatARankHasLoadedAnotherVersion) {
  if (world_->rank() == 1) nccl_double::report_version(22809);
  request_.versions = {{"NCCL", world_->rank() == 1 ? "2.28.9" : "2.30.7"}};
  const Report report = examined();
  EXPECT_THAT(report.findings, Contains(finding(Verdict::kWrong, "versions", "NCCL differs: 2.30.7 on ")));
  EXPECT_THAT(report.findings, Contains(finding(Verdict::kWrong, "NCCL", "rank 1 2.28.9")));
  nccl_double::report_version(0);
}

}  // namespace
}  // namespace zoetrope::doctor
