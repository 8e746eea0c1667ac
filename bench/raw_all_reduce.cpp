// SPDX-License-Identifier: Apache-2.0
// zoetrope's all-reduce of CPU tensors beside MPI_Allreduce of the same memory, in turn in one job:
//   mpirun -n 2 --bind-to none raw_all_reduce [--bytes N] [--calls N]
// Each line of rank 0's input is a repetition. It answers with a line of JSON for both sides: seconds of
// --calls calls on the slowest rank, and the sum that came out.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sum.h>
#include <boost/program_options.hpp>
#include <mpi.h>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/support/json.hpp"

namespace {

using namespace zoetrope::comm;
using zoetrope::support::Json;

// On the slowest rank, of `body` after a common start.
double seconds_of(Communicator& communicator, const std::function<void()>& body) {
  communicator.barrier();
  const auto start = std::chrono::steady_clock::now();
  body();
  at::Tensor seconds = at::scalar_tensor(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), at::kDouble);
  communicator.all_reduce(seconds, ReduceOp::kMax);
  return seconds.item<double>();
}

Json repeat(World& world, std::int64_t bytes, int calls) {
  Communicator& communicator = world.communicator();
  const at::Tensor values = at::empty({bytes / 4}, at::kFloat);
  const auto side = [&](const std::function<void()>& once) {
    values.fill_(world.rank() + 1.0F);
    once();  // its pages are there, and MPI's connections
    values.fill_(world.rank() + 1.0F);
    once();
    const double answer = values.sum(at::kDouble).item<double>();
    values.fill_(1.0F / static_cast<float>(world.size()));
    const double seconds = seconds_of(communicator, [&] {
      for (int i = 0; i < calls; ++i) once();
    });
    return Json{{"seconds", seconds}, {"items", calls}, {"answer", answer}};
  };
  const Json ours = side([&] { communicator.all_reduce(values, ReduceOp::kSum); });
  const Json raw = side([&] {
    MPI_Allreduce(MPI_IN_PLACE, values.mutable_data_ptr<float>(), static_cast<int>(values.numel()), MPI_FLOAT,
                  MPI_SUM, MPI_COMM_WORLD);
  });
  return {{"zoetrope", ours}, {"MPI_Allreduce", raw}};
}

}  // namespace

int main(int argc, char** argv) {
  World world(argc, argv);
  try {
    namespace po = boost::program_options;
    std::int64_t bytes = std::int64_t{4} << 20;
    int calls = 20;
    po::options_description known("Options");
    known.add_options()("bytes", po::value(&bytes))("calls", po::value(&calls));
    po::variables_map values;
    po::store(po::parse_command_line(argc, argv, known), values);
    po::notify(values);
    std::string line;
    const auto is_asked = [&] {
      const bool asked = world.rank() == 0 && static_cast<bool>(std::getline(std::cin, line));
      return broadcast_scalar(world.communicator(), static_cast<std::int64_t>(asked), 0) != 0;
    };
    while (is_asked()) {
      const Json both = repeat(world, bytes, calls);
      if (world.rank() == 0) std::cout << both << std::endl;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raw_all_reduce: %s\n", error.what());
    world.abort(1);
  }
  return 0;
}
