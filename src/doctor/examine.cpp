// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/doctor/examine.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/support/text.hpp"

#include "collectives.hpp"
#include "hosts.hpp"
#include "judgement.hpp"
#include "run_folder.hpp"

namespace zoetrope::doctor {

namespace {

constexpr const char* kNetwork =
    "look at the hosts that are named, and at the network between them: every port must be open; with "
    "several interfaces name the one that MPI is to take (OMPI_MCA_btl_tcp_if_include=eth0), and NCCL "
    "(NCCL_SOCKET_IFNAME)";
constexpr const char* kFiles =
    "the file system does not answer there: look at its mount and its server, or give another --run";
constexpr const char* kNccl =
    "NCCL_DEBUG=INFO on all ranks tells more (mpirun -x NCCL_DEBUG=INFO); --device cpu goes without";

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class Examination {
 public:
  Examination(comm::World& world, const Request& request, Chart& chart)
      : world_(world), request_(request), chart_(chart) {}

  void run() {
    collect_facts();
    for (const auto& judge : {judge_launch, judge_cores, judge_libraries, judge_versions, judge_settings,
                              judge_memory, judge_clocks})
      add(judge(facts_));
    add(judge_devices(facts_, request_.device));
    add(look_at_run_folder(
        request_.run, hosts_, world_.communicator(),
        [this](const std::string& step) { begin("run directory: " + step, kFiles); },
        [this](const std::filesystem::path& folder) { chart_.remove_when_cut_short(folder); }));
    examine_backend({world_.communicator(), at::Device(at::kCPU), world_.communicator()}, kNetwork);
    if (const bool has_gpus =
            request_.device != compute::DeviceChoice::kCpu && world_.size() > 1 && all_see_devices();
        has_gpus)
      examine_nccl();
    begin("end", kNetwork);
  }

 private:
  void begin(const std::string& step, const char* remedy) {
    world_.set_stage("doctor: " + step);
    chart_.begin(step, remedy);
  }

  void add(std::vector<Finding> findings) {
    for (Finding& finding : findings) chart_.add(std::move(finding));
  }

  void collect_facts() {
    begin("asking every rank what it is", kNetwork);
    RankFacts mine = own_facts(world_, request_.devices, request_.surroundings, request_.versions);
    if (request_.threads > 0) mine.threads = request_.threads;
    begin("comparing clocks", kNetwork);
    mine.clock_lead_ns = world_.clock_lead(wall_clock);
    for (const std::string& text : comm::all_gather_strings(world_.communicator(), to_text(mine)))
      facts_.push_back(parse_facts(text));
    hosts_ = hosts_of(facts_);
    chart_.change([&](Report& report) {
      report.ranks = world_.size();
      report.facts = facts_;
    });
  }

  bool all_see_devices() const {
    return std::ranges::none_of(facts_, [](const RankFacts& rank) { return rank.devices.empty(); });
  }

  void examine_backend(const Backend& backend, const char* remedy) {
    const std::string over = " over " + backend.name();
    const auto wrong = find_wrong_values(
        backend, [&](const std::string& operation) { begin("values" + over + ": " + operation, remedy); });
    for (const std::string& text : wrong)
      chart_.add({Verdict::kWrong, "values" + over, text,
                  "trust no result of these hosts: look at memory, network cards and drivers, and whether "
                  "all run the same libraries"});
    if (wrong.empty())
      chart_.add({Verdict::kOk, "values" + over, "every collective gives what it should", ""});
    if (world_.size() == 1) return;
    const auto times = time_collectives(
        backend, [&](const std::string& operation) { begin("speed" + over + ": " + operation, remedy); });
    chart_.change([&](Report& report) {
      report.collectives.insert(report.collectives.end(), times.begin(), times.end());
    });
    chart_.add(judge_speed(times, world_.size()));
    if (hosts_.size() < 2) return;
    const auto pairs = time_pairs(backend, hosts_, [&](const std::string& round) {
      begin("pairs of hosts" + over + ": " + round, remedy);
    });
    chart_.change(
        [&](Report& report) { report.pairs.insert(report.pairs.end(), pairs.begin(), pairs.end()); });
    add(judge_pairs(pairs, hosts_.size()));
  }

  // A rank whose NCCL is another one does not come to the others.
  bool has_one_nccl() {
    const auto versions = comm::all_gather_strings(world_.communicator(), comm::nccl_version());
    const auto other =
        std::ranges::find_if(versions, [&](const auto& each) { return each != versions.front(); });
    if (other == versions.end()) return true;
    chart_.add({Verdict::kWrong, "NCCL",
                "is not started: rank 0 has loaded " + versions.front() + ", rank " +
                    std::to_string(other - versions.begin()) + " " + *other,
                "start the same program with the same libraries on all hosts"});
    return false;
  }

  void examine_nccl() {
    begin("starting NCCL", kNccl);
    if (!has_one_nccl()) return;
    std::unique_ptr<comm::Communicator> nccl;
    std::string error;
    compute::Device device;
    try {
      device = comm::select_device(world_.communicator(), comm::Place::of(world_), request_.devices,
                                   comm::nccl_version());
      const at::Device own = compute::tensor_device(device);
      if (!own.is_cpu()) c10::impl::VirtualGuardImpl(own.type()).setDevice(own);
      nccl = comm::make_nccl_communicator(world_, device.ordinal, request_.patience * 4 / 5);
    } catch (const Error& failed) {
      error = failed.what();
    }
    const auto errors = comm::all_gather_strings(world_.communicator(), error);
    const auto first = std::ranges::find_if(errors, [](const std::string& text) { return !text.empty(); });
    if (first != errors.end()) {
      const bool is_everywhere = std::ranges::count(errors, *first) == std::ssize(errors);
      const std::string rank = "rank " + std::to_string(first - errors.begin()) + ": ";
      chart_.add({Verdict::kWrong, "NCCL", (is_everywhere ? "" : rank) + *first, kNccl});
      return;
    }
    examine_backend({*nccl, compute::tensor_device(device), world_.communicator()}, kNccl);
  }

  comm::World& world_;
  const Request& request_;
  Chart& chart_;
  Facts facts_;
  std::vector<Host> hosts_;
};

}  // namespace

void examine(comm::World& world, const Request& request, Chart& chart) {
  const support::Stopwatch watch;
  Examination(world, request, chart).run();
  chart.change([&](Report& report) { report.seconds = watch.seconds(); });
}

}  // namespace zoetrope::doctor
