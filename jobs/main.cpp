// SPDX-License-Identifier: Apache-2.0
// zoetrope JOB [options]: finds the job, sets up the world, and turns errors into one line and an exit code.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/text.hpp"

#include "default_model.hpp"
#include "jobs.hpp"
#include "summary.hpp"

namespace zoetrope::jobs {

const std::vector<Job>& all_jobs() {
  static const std::vector<Job> jobs = {
      {"run", "everything below, in one job; picks up where an earlier run stopped",
       kData | kModel | kTraining | kCompute | kAnalysis | kRendering, run},
      {"finetune", "fine-tunes the model and saves a checkpoint every few steps",
       kData | kModel | kTraining | kCompute, finetune},
      {"extract", "embeds the test images with every checkpoint", kData | kCompute, extract},
      {"analyze", "scores outliers, projects and aligns the embeddings", kData | kCompute | kAnalysis,
       analyze},
      {"render", "draws a frame per checkpoint and encodes the animation",
       kData | kCompute | kAnalysis | kRendering, render},
  };
  return jobs;
}

namespace {

std::string usage() {
  std::string text = "zoetrope: watch an embedding space change while a Vision Transformer is fine-tuned\n\n";
  const auto line = [&](std::string name, const std::string& purpose) {
    name.resize(std::max<std::size_t>(name.size(), 10), ' ');
    text += "  zoetrope " + name + " " + purpose + "\n";
  };
  for (const Job& job : all_jobs()) line(job.name, job.purpose);
  line("inspect", "what a checkpoint, embeddings.h5, analysis.h5 or run directory holds");
  line("--version", "versions of zoetrope and its libraries");
  return text +
         "\nStart it alone, with 'mpirun -n 4 zoetrope run ...', or with srun. 'zoetrope JOB --help' lists a "
         "job's options.\n";
}

const Job& find_job(const std::string& name) {
  std::vector<std::string> names = {"inspect"};
  for (const Job& job : all_jobs()) {
    if (job.name == name) return job;
    names.push_back(job.name);
  }
  const std::string near = support::nearest_word(name, names);
  throw UsageError("unknown job '" + name + "'" + (near.empty() ? "" : ": did you mean " + near + "?") +
                   " ('zoetrope --help' lists all)");
}

void prepare_run_directory(const Context& context) {
  std::error_code error;
  std::filesystem::create_directories(context.run().root, error);
  if (error) throw InputError(context.run().root.string() + ": cannot be created: " + error.message());
}

// What this process can answer without the others. Returns false when there is a job to do.
bool answer_alone(const std::vector<std::string>& arguments) {
  const bool wants_help =
      arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help";
  if (wants_help) {
    std::cout << usage();
    if (arguments.empty()) throw UsageError("no job given");
    return true;
  }
  if (arguments[0] == "--version") {
    std::cout << version_text();
    return true;
  }
  if (arguments[0] == "inspect") {
    if (arguments.size() != 2) throw UsageError("zoetrope inspect takes one path");
    inspect(arguments[1]);
    return true;
  }
  const Job& job = find_job(arguments[0]);
  for (const std::string& argument : arguments)
    if (argument == "--help" || argument == "-h") {
      std::cout << help_text(job.name, job.purpose, job.groups);
      return true;
    }
  return false;
}

void do_job(comm::World& world, const Job& job, Options options) {
  world.set_timeout(std::chrono::seconds(options.timeout));
  support::set_up_logging(options.quiet ? "warning" : options.log_level, world.rank(), world.size(),
                          world.host());
  if (options.quiet || options.no_progress || world.rank() != 0)
    support::set_progress_style(support::ProgressStyle::kNone);
  const bool quiet = options.quiet;
  const Stopwatch watch;
  Context context(world, std::move(options));
  const bool starts_run = (job.groups & kTraining) != 0;
  if (world.rank() == 0) {
    if (starts_run) {
      prepare_run_directory(context);
      write_run_ini(context.run().run_ini(), context.options());
    }
  }
  if (!starts_run && !std::filesystem::is_directory(context.run().root))
    throw InputError(context.run().root.string() + ": is not a directory");
  world.communicator().barrier();
  job.stage(context);
  const std::string summary = summarize(context, watch.seconds());
  if (world.rank() == 0 && !quiet) std::cout << summary << std::flush;
}

}  // namespace
}  // namespace zoetrope::jobs

namespace {

using zoetrope::Error;
using zoetrope::ExitCode;

// Prints the error once. Peers may be waiting in a collective, so with other ranks the whole job is ended.
int report(const std::exception& error, zoetrope::comm::World* world) {
  const auto* known = dynamic_cast<const Error*>(&error);
  const int code = static_cast<int>(known != nullptr ? known->code() : ExitCode::kFailed);
  const bool alone = world == nullptr || world->size() == 1;
  std::fprintf(
      stderr, "zoetrope: %s%s\n",
      alone ? "" : ("[rank " + std::to_string(world->rank()) + " on " + world->host() + "] ").c_str(),
      error.what());
  std::fflush(stderr);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  namespace jobs = zoetrope::jobs;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (jobs::answer_alone(arguments)) return 0;
  } catch (const std::exception& error) {
    return report(error, nullptr);
  }

  zoetrope::support::install_signal_handlers();
  std::unique_ptr<zoetrope::comm::World> world;
  try {
    world = std::make_unique<zoetrope::comm::World>(argc, argv);
    const jobs::Job& job = jobs::find_job(arguments[0]);
    jobs::Options options =
        jobs::parse_options(job.name, job.groups, {arguments.begin() + 1, arguments.end()});
    jobs::do_job(*world, job, std::move(options));
    return 0;
  } catch (const zoetrope::Interrupted& interrupted) {
    // Every rank has reached this point in step: all end in order.
    return world->rank() == 0 ? report(interrupted, world.get()) : static_cast<int>(ExitCode::kInterrupted);
  } catch (const std::exception& error) {
    const int code = report(error, world.get());
    if (world != nullptr && world->size() > 1) world->abort(code);
    return code;
  }
}
