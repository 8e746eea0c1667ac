// SPDX-License-Identifier: Apache-2.0
// zoetrope JOB [options]: finds the job, sets up the world, and turns errors into one line and an exit code.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "zoetrope/comm/rank_watch.hpp"
#include "zoetrope/pipeline/mend.hpp"
#include "zoetrope/pipeline/run_lock.hpp"
#include "zoetrope/pipeline/summary.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/mapping_guard.hpp"
#include "zoetrope/support/memory.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/support/terminal.hpp"
#include "zoetrope/support/text.hpp"
#include "zoetrope/support/trace.hpp"

#include "agreed_options.hpp"
#include "data_choice.hpp"
#include "failure.hpp"
#include "job_end.hpp"
#include "job_trace.hpp"
#include "jobs.hpp"
#include "options.hpp"

namespace zoetrope::jobs {

namespace {

std::string usage() {
  std::string text = "zoetrope: watch an embedding space change while a Vision Transformer is fine-tuned\n\n";
  const auto line = [&](std::string name, const std::string& purpose) {
    name.resize(std::max<std::size_t>(name.size(), 10), ' ');
    text += "  zoetrope " + name + " " + purpose + "\n";
  };
  for (const Job& job : all_jobs()) line(job.name, job.purpose);
  line(kDoctor, kDoctorPurpose);
  line("inspect", "what a checkpoint, embeddings.h5, analysis.h5 or run directory holds");
  line("inspect --verify",
       "whether all of a run, or a file of it, is what was written; code 3 where it is not");
  line("--version", "versions of zoetrope and its libraries");
  return text +
         "\nStart it alone, with 'mpirun -n 4 zoetrope run ...', or with srun. 'zoetrope JOB --help' lists a "
         "job's common options, '--help all' the rest.\n";
}

const Job& find_job(const std::string& name) {
  std::vector<std::string> names = {"inspect", kDoctor};
  for (const Job& job : all_jobs()) {
    if (job.name == name) return job;
    names.push_back(job.name);
  }
  const std::string near = support::nearest_word(name, names);
  throw UsageError("unknown job '" + name + "'" + (near.empty() ? "" : ": did you mean " + near + "?") +
                   " ('zoetrope --help' lists all)");
}

// As this process reads them, without the others.
Options options_alone(const Job& job, const std::vector<std::string>& arguments) {
  const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  return parse_options(job.name, job.groups, words, read_ini_files(job.name, job.groups, words));
}

// What this process can answer without the others. Returns false when there is a job to do.
bool answer_alone(const std::vector<std::string>& arguments) {
  const bool wants_help =
      arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help";
  if (wants_help) {
    support::print_text(usage());
    if (arguments.empty()) throw UsageError("no job given");
    return true;
  }
  if (arguments[0] == "--version") {
    support::print_text(version_text());
    return true;
  }
  if (arguments[0] == "inspect") {
    look_into({arguments.begin() + 1, arguments.end()});
    return true;
  }
  const auto says = [&](const char* word) { return std::ranges::find(arguments, word) != arguments.end(); };
  const bool wants_help_of_job = says("--help") || says("-h");
  if (arguments[0] == kDoctor) {
    if (wants_help_of_job) support::print_text(doctor_help());
    return wants_help_of_job;
  }
  const Job& job = find_job(arguments[0]);
  if (wants_help_of_job) {
    support::print_text(help_text(job.name, job.purpose, job.groups, says("all")));
    return true;
  }
  if (!says("--check-options")) return false;
  check_data_choice(options_alone(job, arguments).pipeline);
  support::print_line("the options can be used");
  return true;
}

using std::chrono::seconds;

// --timeout as the words alone say it, without a look at any file; the default where it is not among them, or
// the options are wrong, which is said later and once.
seconds timeout_in_words(const std::vector<std::string>& arguments) {
  try {
    const Job& job = find_job(arguments[0]);
    return seconds(timeout_of({arguments.begin() + 1, arguments.end()}, job.name, job.groups));
  } catch (const std::exception&) {
    return seconds(Options().timeout);
  }
}

// As this process alone reads it, before the ranks can agree on anything.
seconds startup_timeout(const std::vector<std::string>& arguments) {
  try {
    return seconds(options_alone(find_job(arguments[0]), arguments).timeout);
  } catch (const std::exception&) {
    return timeout_in_words(arguments);
  }
}

void give_warnings(const comm::World& world, const Options& options) {
  if (world.rank() != 0) return;
  for (const std::string& warning : options.warnings) support::log_warning(warning);
}

void set_up_output(const comm::World& world, const Options& options) {
  support::set_up_logging(options.quiet ? "warning" : options.log_level, world.rank(), world.size(),
                          world.host());
  give_warnings(world, options);
  if (options.quiet || options.no_progress || world.rank() != 0)
    support::set_progress_style(support::ProgressStyle::kNone);
}

void do_stage(pipeline::Session& session, const Job& job, const std::vector<std::string>& words) {
  if (session.is_root()) forget_ending(words);
  if (session.is_root() && !session.options().review.live) {
    support::remove_leftovers(session.run().root);
    pipeline::mend(session.run(), (job.groups & kTraining) != 0);
  }
  session.communicator().barrier();  // nobody reads what is being mended
  job.stage(session);
  session.keep_options();
  if (session.is_root()) forget_ending(words);
}

// Returns the exit code. `agreed` are those that the job was done with in the end.
int do_job(comm::World& world, const Job& job, AgreedOptions& agreed, const std::vector<std::string>& words) {
  set_up_output(world, *agreed.options);
  const support::Stopwatch watch;
  std::optional<pipeline::Session> session(std::in_place, world, agreed.options->pipeline);
  const auto lock = pipeline::open_run_directory(
      *session, (job.groups & kTraining) != 0 || session->options().given.takes_in,
      {.patience = std::chrono::seconds(agreed.options->timeout), .take_over = agreed.options->take_over});
  if (is_run_ini_another(world, job, words, agreed)) {
    agreed = agree_on_options(world, job, words);
    if (!agreed.options) return agreed.exit_code;
    give_warnings(world, *agreed.options);
    session.reset();
    session.emplace(world, agreed.options->pipeline);
  }
  do_stage(*session, job, words);
  const std::vector<std::string> summary = pipeline::summarize(*session, watch.seconds());
  if (world.rank() != 0 || agreed.options->quiet) return 0;
  for (const std::string& line : summary) support::print_line(line);
  std::fflush(stdout);
  return 0;
}

// The timeline is written also of a job that is interrupted: every rank comes here in step then.
int do_traced_job(comm::World& world, const Job& job, AgreedOptions& agreed,
                  const std::vector<std::string>& words, JobTrace* trace) {
  int code = 0;
  try {
    code = do_job(world, job, agreed, words);
  } catch (const Interrupted&) {
    if (trace != nullptr) trace->write();
    throw;
  }
  if (trace != nullptr) trace->write();
  return code;
}

}  // namespace
}  // namespace zoetrope::jobs

namespace {

using zoetrope::ExitCode;
using zoetrope::comm::RankWatch;
using zoetrope::comm::World;
namespace jobs = zoetrope::jobs;

void print_error(const std::string& message, const World* world) {
  const std::string who = world == nullptr || world->size() == 1
                              ? ""
                              : "[rank " + std::to_string(world->rank()) + " on " + world->host() + "] ";
  zoetrope::support::print_error_line(who + message);
}

// Every rank has come here in step.
int end_in_order(const World& world, const zoetrope::Interrupted& interrupted,
                 const std::vector<std::string>& words) {
  constexpr int kCode = static_cast<int>(ExitCode::kInterrupted);
  if (world.rank() == 0) {
    print_error(interrupted.what(), nullptr);
    jobs::keep_ending(words, kCode, interrupted.what());
  }
  return kCode;
}

// Peers may be waiting in a collective: the whole job is ended. Where every rank meets the same error (a file
// is missing) rank 0 speaks for all: the others hold back, and are ended before they do.
[[noreturn]] void end_all(World& world, const jobs::Failure& failure, const std::vector<std::string>& words) {
  using namespace std::chrono_literals;
  if (world.rank() > 0) std::this_thread::sleep_for(3s + std::min(world.rank(), 100) * 20ms);
  print_error(failure.message, &world);
  jobs::keep_ending(words, static_cast<int>(failure.code), failure.message);
  world.abort(static_cast<int>(failure.code));
}

// In a thread of a library, or where one exception meets another: nobody can catch it any more.
[[noreturn]] void end_at_once() {
  try {
    if (const std::exception_ptr error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::exception& error) {
    print_error(jobs::failure_of(error).message, nullptr);
  } catch (...) {
    print_error("a library has failed in a way of its own", nullptr);
  }
  std::_Exit(static_cast<int>(ExitCode::kFailed));
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t start = zoetrope::trace::now();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  std::unique_ptr<World> world;
  jobs::AgreedOptions agreed;
  std::optional<jobs::JobTrace> trace;
  std::set_terminate(end_at_once);
  zoetrope::support::set_up_logging("info", 0, 1, "");  // what is warned of before the job's own is set up
  zoetrope::support::report_lost_mappings();
  try {
    if (jobs::answer_alone(arguments)) return zoetrope::support::require_output(), 0;
    if (arguments[0] == jobs::kDoctor) return jobs::doctor(argc, argv);
    zoetrope::support::keep_freed_memory();
    zoetrope::support::install_signal_handlers();
    RankWatch startup(RankWatch::Of::kOptions, jobs::timeout_in_words(arguments));
    startup.go_on_with(RankWatch::Of::kStart, jobs::startup_timeout(arguments));
    world = std::make_unique<World>(argc, argv);
    zoetrope::support::report_lost_mappings();  // MPI would print its own lines
    const jobs::Job& job = jobs::find_job(arguments[0]);
    agreed = jobs::agree_on_options(*world, job, arguments);
    if (!agreed.options) return agreed.exit_code;
    world->set_timeout(std::chrono::seconds(agreed.options->timeout));
    startup.stop();
    if (!agreed.options->trace.empty()) trace.emplace(*world, *agreed.options, start);
    return jobs::do_traced_job(*world, job, agreed, arguments, trace ? &*trace : nullptr);
  } catch (const zoetrope::Interrupted& interrupted) {
    return end_in_order(*world, interrupted, arguments);
  } catch (const std::exception& error) {
    if (trace && world->rank() == 0) trace->write_own();
    jobs::Failure failure = jobs::failure_of(error);
    if (agreed.options) failure.message = jobs::with_origins(failure.message, *agreed.options);
    if (world != nullptr && world->size() > 1) end_all(*world, failure, arguments);
    print_error(failure.message, nullptr);
    if (world != nullptr) jobs::keep_ending(arguments, static_cast<int>(failure.code), failure.message);
    return static_cast<int>(failure.code);
  }
}
