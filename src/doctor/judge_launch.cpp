// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "zoetrope/compute/cpu_set.hpp"
#include "zoetrope/support/text.hpp"

#include "hosts.hpp"
#include "judgement.hpp"
#include "quantities.hpp"

namespace zoetrope::doctor {

namespace {

std::string setting_of(const RankFacts& facts, const std::string& name) {
  const auto found = facts.settings.find(name);
  return found == facts.settings.end() ? "" : found->second;
}

int count_in(const RankFacts& facts, const std::string& name) {
  const std::string text = setting_of(facts, name);
  int count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string plural(std::size_t count, const std::string& word) {
  return support::format_count(static_cast<std::int64_t>(count)) + " " + word + (count == 1 ? "" : "s");
}

const RankFacts& speaker_of(const Host& host, const Facts& facts) {
  return facts[static_cast<std::size_t>(host.speaker())];
}

// The processors that the ranks of a host may run on, all together.
int cores_of(const Host& host, const Facts& facts) {
  std::vector<compute::CpuSet> all;
  for (const int rank : host.ranks)
    all.push_back(compute::parse_cpus(facts[static_cast<std::size_t>(rank)].cpus));
  return compute::count_cpus(all);
}

std::string hosts_and(const std::string& names, std::size_t more) {
  return more == 0 ? names : names + " (and so " + plural(more, "more host") + ")";
}

// One finding for all hosts of which `problem` says something: of the first, and how many there are more.
template <typename Problem>
std::vector<Finding> of_first_host(const std::vector<Host>& hosts, Finding finding, Problem problem) {
  std::string first;
  std::size_t more = 0;
  for (const Host& host : hosts) {
    const std::string text = problem(host);
    if (text.empty()) continue;
    if (first.empty()) {
      first = host.name + ": " + text;
    } else {
      ++more;
    }
  }
  if (first.empty()) return {};
  finding.text = hosts_and(first, more);
  return {finding};
}

// What is wrong with the `cores` cores of a host, each in a few words; "" where nothing is.

std::string too_many_ranks(const Host& host, const Facts& /*facts*/, int cores) {
  if (std::ssize(host.ranks) <= cores) return "";
  return plural(host.ranks.size(), "rank") + " on " + plural(static_cast<std::size_t>(cores), "core");
}

std::string bound_to_single_cores(const Host& host, const Facts& facts, int cores) {
  const RankFacts& rank = speaker_of(host, facts);
  const int asked = count_in(rank, "SLURM_CPUS_PER_TASK");
  const int there = asked > 0 ? asked * static_cast<int>(host.ranks.size()) : rank.cpus_of_host;
  if (cores > std::ssize(host.ranks) || there < 2 * cores) return "";
  return "its ranks may run on " + plural(static_cast<std::size_t>(cores), "core") + " of " +
         std::to_string(there);
}

std::string less_time_than_cores(const Host& host, const Facts& facts, int cores) {
  const double quota = speaker_of(host, facts).cpu_quota;
  if (quota <= 0 || quota >= cores) return "";
  return "its container gets the time of " + support::format_fixed(quota, 1) + " cores, and sees " +
         std::to_string(cores);
}

std::string too_many_threads(const Host& host, const Facts& facts, int cores) {
  int threads = 0;
  for (const int rank : host.ranks) threads += facts[static_cast<std::size_t>(rank)].threads;
  if (threads <= cores || std::ssize(host.ranks) > cores) return "";
  return "its ranks compute with " + std::to_string(threads) + " threads on " +
         plural(static_cast<std::size_t>(cores), "core");
}

// In a fence that carries no data, as the last of MPI_Init, Slurm's PMIx lets each node go on by itself,
// unless it is told to pass it round a ring.
bool starts_apart(const RankFacts& first, int nodes) {
  return first.started_by == "srun" && nodes > 1 && !setting_of(first, "PMIX_NAMESPACE").empty() &&
         setting_of(first, "SLURM_PMIX_FENCE") != "ring";
}

}  // namespace

std::vector<Finding> judge_launch(const Facts& facts) {
  const RankFacts& first = facts.front();
  const std::vector<Host> hosts = hosts_of(facts);
  const std::string job = setting_of(first, "SLURM_JOB_ID");
  const int tasks = count_in(first, "SLURM_STEP_NUM_TASKS"), nodes = count_in(first, "SLURM_JOB_NUM_NODES");
  if (first.started_by == "srun" && facts.size() == 1 && tasks > 1)
    return {{Verdict::kWrong, "launch",
             "srun has started " + std::to_string(tasks) + " tasks, and MPI takes each for a job of one rank",
             "start them with srun --mpi=pmix; where `srun --mpi=list` does not show pmix, with mpirun "
             "(slurm/run-mpirun.sbatch)"}};
  std::string text = plural(facts.size(), "rank") + " on " + plural(hosts.size(), "host");
  if (!job.empty()) text += ", Slurm job " + job;
  if (first.started_by != "itself") text += ", started by " + first.started_by;
  if (setting_of(first, "PMIX_NAMESPACE").empty() && facts.size() > 1) text += " without PMIx";
  std::vector<Finding> findings = {{Verdict::kOk, "launch", text, ""}};
  if (nodes > static_cast<int>(hosts.size()) && facts.size() > 1)
    findings.push_back({Verdict::kWarning, "launch",
                        "Slurm has given the job " + std::to_string(nodes) + " nodes, and its ranks are on " +
                            plural(hosts.size(), "host"),
                        "start as many ranks on each: --ntasks-per-node; the others stand idle"});
  if (starts_apart(first, nodes))
    findings.push_back(
        {Verdict::kWarning, "launch",
         "while MPI starts, ranks may not wait for those of other nodes, and crash now and then "
         "(seen with Slurm 22.05)",
         "export SLURM_PMIX_FENCE=ring before srun, as slurm/job.sh does"});
  return findings;
}

std::vector<Finding> judge_cores(const Facts& facts) {
  const std::vector<Host> hosts = hosts_of(facts);
  std::vector<Finding> found;
  const auto warn = [&](const char* remedy, auto problem) {
    const auto more = of_first_host(hosts, {Verdict::kWarning, "cores", "", remedy}, [&](const Host& host) {
      return problem(host, facts, cores_of(host, facts));
    });
    found.insert(found.end(), more.begin(), more.end());
  };
  warn("start fewer ranks there: each waits for the cores of another", too_many_ranks);
  warn(
      "mpirun binds ranks to single cores: give it --bind-to none, or --map-by slot:PE=N --bind-to core; "
      "under srun --cpus-per-task",
      bound_to_single_cores);
  warn("give the container more, or the ranks --threads", less_time_than_cores);
  warn("leave out --threads, or start fewer ranks there; under Slurm give --cpus-per-task", too_many_threads);
  if (found.empty()) found.push_back({Verdict::kOk, "cores", "every rank has cores of its own", ""});
  return found;
}

std::vector<Finding> judge_memory(const Facts& facts) {
  constexpr std::int64_t kLittleShm = std::int64_t{64} << 20;
  const std::vector<Host> hosts = hosts_of(facts);
  auto found = of_first_host(hosts,
                             {Verdict::kWrong, "/dev/shm", "",
                              "ranks of one host talk through it: make room there (df /dev/shm), or give the "
                              "container more (docker run --shm-size=1g)"},
                             [&](const Host& host) { return speaker_of(host, facts).shm_error; });
  if (!found.empty()) return found;
  found = of_first_host(hosts,
                        {Verdict::kWarning, "/dev/shm", "",
                         "MPI and NCCL take some MiB for each rank, and are killed where there is no more: "
                         "docker run --shm-size=1g"},
                        [&](const Host& host) -> std::string {
                          const std::int64_t bytes = speaker_of(host, facts).shm_bytes;
                          if (bytes >= kLittleShm) return "";
                          return format_size(bytes) + " are free";
                        });
  if (found.empty()) {
    const auto least = std::ranges::min(facts, {}, &RankFacts::shm_bytes);
    found.push_back({Verdict::kOk, "/dev/shm",
                     format_size(least.shm_bytes) + " free" + (hosts.size() > 1 ? " or more" : ""), ""});
  }
  return found;
}

std::vector<Finding> judge_clocks(const Facts& facts) {
  constexpr double kTooFar = 1;
  const RankFacts* worst = &facts.front();
  for (const RankFacts& rank : facts)
    if (std::abs(rank.clock_lead_ns) > std::abs(worst->clock_lead_ns)) worst = &rank;
  const double seconds = std::abs(static_cast<double>(worst->clock_lead_ns)) * 1e-9;
  if (hosts_of(facts).size() == 1 && seconds == 0) return {};
  if (seconds > kTooFar)
    return {{Verdict::kWarning, "clocks",
             worst->host + " is " + support::format_fixed(seconds, 1) + " s " +
                 (worst->clock_lead_ns > 0 ? "behind " : "ahead of ") + facts.front().host,
             "set its clock (chronyc tracking): who looks at the times of files is misled"}};
  return {{Verdict::kOk, "clocks", "within " + support::format_fixed(seconds * 1e3, 1) + " ms of one another",
           ""}};
}

}  // namespace zoetrope::doctor
