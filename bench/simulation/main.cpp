// SPDX-License-Identifier: Apache-2.0
// Plays a run on a cluster that SimGrid imagines: simulate_run PLATFORM WORKLOAD COSTS RANKS, three JSON
// files. Prints seconds by stage and what they went to, as JSON.
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include <xbt/log.h>

#include "stages.hpp"

namespace {

using nlohmann::json;

json read_json(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::invalid_argument(std::string(path) + " cannot be opened");
  return json::parse(file);
}

double sum_of(const simulation::Parts& parts) {
  double sum = 0;
  for (const auto& [name, seconds] : parts) sum += seconds;
  return sum;
}

json as_json(const simulation::Parts& parts) {
  json object = json::object();
  for (const auto& [name, seconds] : parts) object[name] = seconds;
  return object;
}

json simulate(char** words) {
  const simulation::Platform platform = read_json(words[1]);
  const simulation::Workload work = read_json(words[2]);
  const simulation::Costs costs = read_json(words[3]);
  const simulation::Cluster cluster(platform, std::stoi(words[4]));
  const simulation::Parts step = simulation::play_step(cluster, work);
  const simulation::Parts training = simulation::play_training(cluster, work, sum_of(step));
  const simulation::Parts analysis = simulation::play_analysis(cluster, work, costs);
  return {{"ranks", cluster.ranks()},
          {"nodes", cluster.nodes()},
          {"batch", work.batch(cluster.ranks())},
          {"steps", work.steps(cluster.ranks())},
          {"step", as_json(step)},
          {"training", as_json(training)},
          {"analysis", as_json(analysis)}};
}

}  // namespace

int main(int argc, char** argv) {
  // Neither TCP's windows nor its calibrated factors: latency and bandwidth are what an application sees.
  simgrid::s4u::Engine engine(&argc, argv);
  xbt_log_control_set("xbt_cfg.threshold:error");
  for (const char* setting : {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0"})
    simgrid::s4u::Engine::set_config(setting);
  if (argc != 5) {
    std::cerr << "usage: simulate_run PLATFORM WORKLOAD COSTS RANKS\n";
    return 2;
  }
  try {
    std::cout << simulate(argv) << '\n';
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "simulate_run: " << error.what() << '\n';
    return 3;
  }
}
