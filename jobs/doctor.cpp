// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include <ATen/Version.h>
#include <torch/version.h>

#include "zoetrope/comm/launcher.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/comm/rank_watch.hpp"
#include "zoetrope/doctor/examine.hpp"
#include "zoetrope/doctor/roll_call.hpp"
#include "zoetrope/store/hdf5_version.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/terminal.hpp"

#include "command_line.hpp"
#include "failure.hpp"
#include "jobs.hpp"
#include "option_values.hpp"
#include "options.hpp"
#include "words.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

using std::chrono::seconds;

constexpr const char* kNoAnswer = "the file system does not answer there";

struct DoctorOptions {
  std::string run = ".";
  compute::DeviceChoice device = compute::DeviceChoice::kAuto;
  int threads = 0;
  std::int64_t timeout = 60;
  bool json = false;
};

po::options_description describe_doctor(DoctorOptions& o) {
  po::options_description group("Options", kLineLength);
  auto add = group.add_options();
  add("help,h", "this text");
  add("run", place(o.run, "DIR"), "the run directory, or where it will be; it is left as it is");
  add("device", choice(o.device, "device", "D", words_of<compute::DeviceChoice>(compute::kDeviceChoices)),
      "cpu, cuda, or auto: the GPUs where every rank has one of its own");
  add("threads", field(o.threads, "N"), "threads of a rank; 0: its share of the host's cores");
  add("timeout", field(o.timeout, "SECONDS"), "ends within so long, whatever hangs");
  add("json", po::bool_switch(&o.json), "what is found for machines, in place of the tables");
  return group;
}

DoctorOptions parse_doctor(const std::vector<std::string>& words) {
  DoctorOptions options;
  po::variables_map values;
  store_command_line(kDoctor, describe_doctor(options), words, values);
  po::notify(values);
  if (options.timeout < 30 || options.timeout > 3600)
    throw UsageError("--timeout must be 30 to 3600 seconds");
  if (options.threads < 0 || options.threads > kMostThreads)
    throw UsageError("--threads must be 0 to " + std::to_string(kMostThreads));
  return options;
}

// Calls `when_over` in a thread of its own once `limit` has passed.
class Deadline {
 public:
  Deadline(seconds limit, std::function<void()> when_over)
      : thread_([this, limit, over = std::move(when_over)](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          wake_.wait_for(lock, stop, limit, [] { return false; });
          if (!stop.stop_requested()) over();
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // is asked to stop, and waited for, first
};

std::map<std::string, std::string> versions() {
  std::map<std::string, std::string> found = {{"zoetrope", ZOETROPE_VERSION},
                                              {"libtorch", TORCH_VERSION},
                                              {"MPI", comm::mpi_library_version()},
                                              {"HDF5", store::hdf5_library_version()}};
  if (const std::string cuda = compute::cuda_libraries(); !cuda.empty()) found.emplace("CUDA", cuda);
  if (const std::string nccl = comm::nccl_version(); !nccl.empty()) found.emplace("NCCL", nccl);
  return found;
}

void print_report(const doctor::Report& report, bool as_json) {
  if (as_json) {
    support::Json json = doctor::to_json(report);
    json["zoetrope"] = ZOETROPE_VERSION;
    support::print_text(json.dump(2, ' ', false, support::Json::error_handler_t::replace));
  } else {
    support::print_text("zoetrope doctor\n\n" + doctor::to_text(report));
  }
  support::flush_output();
}

// How long what may take, so that all of it ends within --timeout.
struct Limits {
  explicit Limits(std::int64_t timeout)
      : start(timeout * 2 / 5), step(timeout / 4), others(timeout - 3), all(timeout - 6) {}
  seconds start;   // until all ranks have met
  seconds step;    // that a rank waits for another
  seconds others;  // until ranks other than 0 leave
  seconds all;     // until rank 0 says what it knows
};

class Visit {
 public:
  explicit Visit(const DoctorOptions& options)
      : options_(options),
        limits_(options.timeout),
        chart_([this](const doctor::Report& report) { print_report(report, options_.json); }),
        deadline_(launcher_.rank.value_or(0) == 0 ? limits_.all : limits_.others, [this] { end_late(); }) {}

  int run(int& argc, char**& argv, const std::optional<UsageError>& misuse) {
    chart_.begin("run directory: making a folder for the ranks' marks", kNoAnswer);
    roll_.emplace(options_.run, launcher_);
    chart_.remove_when_cut_short(roll_->folder());
    roll_->sign_in();
    chart_.begin("starting", "");
    comm::RankWatch startup(comm::RankWatch::Of::kStart, limits_.start, [this] { return explain_start(); });
    comm::World world(argc, argv);
    world.communicator().barrier();
    startup.stop();
    if (misuse) {
      if (world.rank() == 0) support::print_error_line(misuse->what());
      return static_cast<int>(ExitCode::kUsage);
    }
    world.set_timeout(limits_.step);
    world.set_last_words([this](const std::string& reason) {
      if (!reason.empty()) chart_.cut_short(reason);
    });
    const int code = examine(world);
    chart_.begin("run directory: removing the folder for the ranks' marks", kNoAnswer);
    return code;
  }

 private:
  // The ranks have met: they look, and rank 0 prints.
  int examine(comm::World& world) {
    const doctor::Request request{options_.run,  options_.device, options_.threads, compute::cuda_devices(),
                                  surroundings_, versions(),      limits_.step};
    try {
      doctor::examine(world, request, chart_);
    } catch (const std::exception& error) {
      chart_.cut_short("rank " + std::to_string(world.rank()) + " on " + world.host() + ": " +
                       failure_of(error).message);
      if (world.size() > 1) world.abort(static_cast<int>(ExitCode::kFailed));
      return static_cast<int>(ExitCode::kFailed);
    }
    // Tasks that srun has started without PMIx are jobs of one rank each: the first speaks.
    const bool is_first = world.size() > 1 || launcher_.rank.value_or(0) == 0;
    if (world.rank() == 0 && is_first) chart_.print();
    return static_cast<int>(chart_.is_wrong() ? ExitCode::kFailed : ExitCode::kDone);
  }

  std::string explain_start() {
    using namespace std::chrono_literals;
    if (!roll_->may_speak()) {  // another does so, and takes its time: an end of this one would end it, too
      std::this_thread::sleep_for(8s);
      return "";
    }
    const doctor::Absence absence = roll_->who_is_missing();
    chart_.begin("starting", absence.remedy);
    const std::string line = "after " + std::to_string(limits_.start.count()) + " s, seen from rank " +
                             std::to_string(launcher_.rank.value_or(0)) + " on " + comm::host_name() + ": " +
                             absence.text;
    chart_.cut_short(line);
    return line;
  }

  [[noreturn]] void end_late() {
    const std::string line = "it has not ended " + std::to_string(limits_.all.count()) +
                             " s after the start (seen from rank " +
                             std::to_string(launcher_.rank.value_or(0)) + " on " + comm::host_name() + ")";
    if (!chart_.cut_short(line))
      support::print_error_line("the report is printed, but " + line + ": " + options_.run +
                                " may not answer any more");
    std::_Exit(static_cast<int>(ExitCode::kFailed));
  }

  const DoctorOptions options_;
  // Of before MPI starts, which adds to the environment.
  const comm::Launcher launcher_ = comm::Launcher::of_environment();
  const doctor::Surroundings surroundings_ = doctor::Surroundings::now();
  const Limits limits_;
  doctor::Chart chart_;
  Deadline deadline_;  // its thread uses those above
  // Below: made and removed while the deadline is there, since the run's file system may not answer.
  std::optional<doctor::RollCall> roll_;
};

}  // namespace

std::string doctor_help() {
  DoctorOptions defaults;
  std::ostringstream text;
  text << "zoetrope doctor: " << kDoctorPurpose << "\n\n"
       << describe_doctor(defaults)
       << "\nStart it as the job is to be started: with the same mpirun or srun, ranks and hosts.\n"
          "Exit codes: 0 nothing is wrong, 4 something is, 2 wrong use.\n";
  return text.str();
}

int doctor(int& argc, char**& argv) {
  const std::vector<std::string> words(argv + 2, argv + argc);
  DoctorOptions options;
  std::optional<UsageError> misuse;  // the same on all ranks, so that one says it
  try {
    options = parse_doctor(words);
  } catch (const UsageError& error) {
    misuse = error;
  }
  const int code = Visit(options).run(argc, argv, misuse);
  support::require_output();
  return code;
}

}  // namespace zoetrope::jobs
