// SPDX-License-Identifier: Apache-2.0
#include "agreed_options.hpp"

#include <cstdint>
#include <exception>
#include <utility>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/support/terminal.hpp"

#include "failure.hpp"
#include "job_end.hpp"

namespace zoetrope::jobs {

AgreedOptions agree_on_options(comm::World& world, const Job& job,
                               const std::vector<std::string>& arguments) {
  const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  AgreedOptions agreed;
  std::string message;
  int code = 0;
  const auto attempt = [&](const auto& part) {
    try {
      part();
    } catch (const std::exception& error) {
      const Failure failure = failure_of(error);
      message = failure.message;
      code = static_cast<int>(failure.code);
    }
  };
  IniTexts inis;
  if (world.rank() == 0) attempt([&] { inis = read_ini_files(job.name, job.groups, words); });
  inis.config = comm::broadcast_string(world.communicator(), inis.config, 0);
  inis.run = comm::broadcast_string(world.communicator(), inis.run, 0);
  agreed.run_ini = inis.run;
  std::optional<Options> options;
  if (code == 0) attempt([&] { options = parse_options(job.name, job.groups, words, inis); });
  const std::int64_t first_failed = comm::all_reduce_scalar(
      world.communicator(), std::int64_t{options ? world.size() : world.rank()}, comm::ReduceOp::kMin);
  agreed.exit_code = static_cast<int>(
      comm::all_reduce_scalar(world.communicator(), std::int64_t{code}, comm::ReduceOp::kMax));
  if (first_failed == world.size()) {
    agreed.options = std::move(options);
  } else if (world.rank() == first_failed) {
    support::print_error_line(message);
    keep_ending(arguments, agreed.exit_code, message);
  }
  return agreed;
}

bool is_run_ini_another(comm::World& world, const Job& job, const std::vector<std::string>& arguments,
                        const AgreedOptions& agreed) {
  const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  bool is_another = false;
  if (world.rank() == 0) {
    try {
      is_another = read_ini_files(job.name, job.groups, words).run != agreed.run_ini;
    } catch (const std::exception&) {
      is_another = true;  // what is wrong with it is said when it is read for all
    }
  }
  return comm::broadcast_scalar(world.communicator(), is_another ? 1 : 0, 0) != 0;
}

}  // namespace zoetrope::jobs
