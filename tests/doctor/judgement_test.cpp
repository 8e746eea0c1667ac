// SPDX-License-Identifier: Apache-2.0
// What the facts of ranks say, on hosts that are not at hand.
#include "judgement.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace zoetrope::doctor {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// Two ranks on each of two hosts, with eight cores and a GPU each, where nothing is wrong.
Facts sound_facts() {
  Facts facts;
  for (int rank = 0; rank < 4; ++rank) {
    RankFacts each;
    each.rank = rank;
    each.host = rank < 2 ? "node1" : "node2";
    each.local_rank = rank % 2;
    each.cpus = rank % 2 == 0 ? "0-7" : "8-15";
    each.cpus_of_host = 16;
    each.threads = 8;
    each.shm_bytes = kGiB;
    each.started_by = "srun";
    each.settings = {{"SLURM_JOB_ID", "42"},
                     {"SLURM_JOB_NUM_NODES", "2"},
                     {"PMIX_NAMESPACE", "x"},
                     {"SLURM_PMIX_FENCE", "ring"}};
    each.versions = {{"MPI", "4.1.4"}};
    each.libraries = {{"libmpi", "/usr/lib/libmpi.so.40.30.4", 1000}};
    for (int device = 0; device < 2; ++device)
      each.devices.push_back({"H100", "GPU-" + each.host + std::to_string(device),
                              "0000:0" + std::to_string(device) + ":00.0", 80 * kGiB,
                              device == 0 ? "0-7" : "8-15", device});
    facts.push_back(each);
  }
  return facts;
}

auto one_finding(Verdict verdict, const std::string& text) {
  return ElementsAre(AllOf(Field(&Finding::verdict, verdict), Field(&Finding::text, HasSubstr(text))));
}

TEST(Judgement, FindsNothingWhereNothingIsWrong) {
  const Facts facts = sound_facts();
  EXPECT_THAT(judge_launch(facts),
              one_finding(Verdict::kOk, "4 ranks on 2 hosts, Slurm job 42, started by srun"));
  EXPECT_THAT(judge_cores(facts), one_finding(Verdict::kOk, "cores of its own"));
  EXPECT_THAT(judge_memory(facts), one_finding(Verdict::kOk, "1.0 GiB free"));
  EXPECT_THAT(judge_clocks(facts), one_finding(Verdict::kOk, "within 0.0 ms"));
  EXPECT_THAT(judge_libraries(facts), one_finding(Verdict::kOk, "the same on all ranks"));
  EXPECT_THAT(judge_versions(facts), one_finding(Verdict::kOk, "MPI 4.1.4"));
  EXPECT_THAT(judge_settings(facts), IsEmpty());
  EXPECT_THAT(judge_devices(facts, compute::DeviceChoice::kCuda),
              one_finding(Verdict::kOk, "every rank sees a GPU (H100)"));
}

TEST(Judgement, SrunWithoutPmixStartsJobsOfOneRank) {
  Facts facts = {sound_facts().front()};
  facts[0].settings = {{"SLURM_JOB_ID", "42"}, {"SLURM_STEP_NUM_TASKS", "4"}};
  EXPECT_THAT(judge_launch(facts),
              one_finding(Verdict::kWrong, "srun has started 4 tasks, and MPI takes each for a job"));
  facts[0].started_by = "mpirun";  // one rank, within a job of four tasks
  EXPECT_THAT(judge_launch(facts), one_finding(Verdict::kOk, "1 rank on 1 host"));
}

TEST(Judgement, NodesThatDoNotWaitForOneAnother) {
  Facts facts = sound_facts();
  facts[0].settings.erase("SLURM_PMIX_FENCE");
  EXPECT_THAT(judge_launch(facts),
              ElementsAre(Field(&Finding::verdict, Verdict::kOk),
                          AllOf(Field(&Finding::verdict, Verdict::kWarning),
                                Field(&Finding::remedy, HasSubstr("export SLURM_PMIX_FENCE=ring")))));
  facts[0].settings["SLURM_JOB_NUM_NODES"] = "1";
  EXPECT_THAT(judge_launch(facts), one_finding(Verdict::kOk, "4 ranks"));
  facts[0].settings["SLURM_JOB_NUM_NODES"] = "2";
  facts[0].started_by = "mpirun";
  EXPECT_THAT(judge_launch(facts), one_finding(Verdict::kOk, "4 ranks"));
}

TEST(Judgement, ContainersThatGetLessTimeThanTheyHaveCores) {
  Facts facts = sound_facts();
  facts[2].cpu_quota = facts[3].cpu_quota = 2.5;
  EXPECT_THAT(judge_cores(facts),
              one_finding(Verdict::kWarning, "node2: its container gets the time of 2.5 cores, and sees 16"));
}

TEST(Judgement, RanksBoundToSingleCores) {
  Facts facts = sound_facts();
  for (RankFacts& rank : facts) {
    rank.cpus = std::to_string(rank.local_rank);
    rank.threads = 1;
  }
  EXPECT_THAT(
      judge_cores(facts),
      one_finding(Verdict::kWarning, "node1: its ranks may run on 2 cores of 16 (and so 1 more host)"));
  for (RankFacts& rank : facts) rank.settings["SLURM_CPUS_PER_TASK"] = "1";  // Slurm was asked for no more
  EXPECT_THAT(judge_cores(facts), one_finding(Verdict::kOk, ""));
}

TEST(Judgement, SharedMemoryThatIsSmallOrClosed) {
  Facts facts = sound_facts();
  facts[2].shm_bytes = 1 << 20;
  EXPECT_THAT(judge_memory(facts), one_finding(Verdict::kWarning, "node2: 1.0 MiB are free"));
  facts[2].shm_error = "No space left on device";
  EXPECT_THAT(judge_memory(facts), one_finding(Verdict::kWrong, "node2: No space left on device"));
}

TEST(Judgement, ClocksThatAreApart) {
  Facts facts = sound_facts();
  facts[3].clock_lead_ns = 2'500'000'000;  // of rank 0's
  EXPECT_THAT(judge_clocks(facts), one_finding(Verdict::kWarning, "node2 is 2.5 s behind node1"));
}

TEST(Judgement, GpusFarFromTheirRanks) {
  Facts facts = sound_facts();
  std::swap(facts[2].cpus, facts[3].cpus);
  EXPECT_THAT(judge_devices(facts, compute::DeviceChoice::kAuto),
              one_finding(Verdict::kWarning, "ranks 2-3 may not run on cores near"));
}

TEST(Judgement, ProgramsOfSeveralVersions) {
  Facts facts = sound_facts();
  for (const std::size_t rank : {2, 3}) {
    facts[rank].versions["MPI"] = "5.0.1";
    facts[rank].libraries.front().path = "/opt/lib/libmpi.so.40.40.1";
  }
  EXPECT_THAT(judge_versions(facts),
              one_finding(Verdict::kWrong, "MPI differs: 4.1.4 on ranks 0-1, 5.0.1 on ranks 2-3"));
  EXPECT_THAT(judge_libraries(facts),
              one_finding(Verdict::kWrong,
                          "libmpi is not the same everywhere: libmpi.so.40.30.4 (1000 bytes) on ranks 0-1, "
                          "libmpi.so.40.40.1 (1000 bytes) on ranks 2-3"));
  // The same file under another path is the same.
  for (const std::size_t rank : {2, 3}) facts[rank].libraries.front().path = "/opt/lib/libmpi.so.40.30.4";
  EXPECT_THAT(judge_libraries(facts), one_finding(Verdict::kOk, ""));
}

TEST(Judgement, APairOfHostsThatIsMuchSlowerThanOthers) {
  std::vector<PairTime> pairs = {
      {"mpi", "a", "b", 2e-6, 10e9}, {"mpi", "a", "c", 2e-6, 3e9}, {"mpi", "b", "c", 2e-6, 11e9}};
  EXPECT_THAT(judge_pairs(pairs, 3),
              one_finding(Verdict::kWarning,
                          "a and c: 3.0 GB/s, 2.0 us, and half of the pairs have 10.0 GB/s or more"));
  pairs[1].bytes_per_second = 5e9;
  EXPECT_THAT(judge_pairs(pairs, 3),
              one_finding(Verdict::kOk, "3 of 3 pairs, the slowest a and c: 5.0 GB/s"));
}

TEST(Report, TravelsAsText) {
  const RankFacts before = sound_facts()[3];
  const RankFacts after = parse_facts(to_text(before));
  EXPECT_EQ(to_text(after), to_text(before));
  EXPECT_EQ(after.devices.at(1).near_cpus, "8-15");
}

TEST(Report, NamesOfHostsCannotCommandATerminal) {
  Report report;
  report.facts = sound_facts();
  for (RankFacts& rank : report.facts) rank.host = "evil\x1b[2J";
  report.findings = {{Verdict::kWrong, "clocks", "evil\x1b[2J is late", "look"}};
  EXPECT_EQ(to_text(report).find('\x1b'), std::string::npos);
  EXPECT_THAT(to_text(report), HasSubstr("1 thing is wrong."));
}

TEST(Report, IsPrintedOnceWhateverEndsIt) {
  int printed = 0;
  Report last;
  Chart chart([&](const Report& report) {
    ++printed;
    last = report;
  });
  chart.begin("looking", "stop looking");
  chart.cut_short("it hangs");
  chart.cut_short("it hangs still");
  chart.print();
  EXPECT_EQ(printed, 1);
  EXPECT_TRUE(chart.is_wrong());
  EXPECT_THAT(last.findings, one_finding(Verdict::kWrong, "in the step \"looking\": it hangs"));
  EXPECT_EQ(last.findings.front().remedy, "stop looking");
}

}  // namespace
}  // namespace zoetrope::doctor
