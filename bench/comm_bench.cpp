// SPDX-License-Identifier: Apache-2.0
// All-reduce: latency and bandwidth per message size, and how much of it remains exposed beside computation.
//   mpirun -n 2 --bind-to none comm_bench [--device cuda] [--json FILE] [--smoke]
// Over MPI between CPU tensors, or over NCCL between GPUs.
// Bandwidths are nccl-tests' (doc/PERFORMANCE.md): algbw = bytes / time, busbw = algbw * 2 (n - 1) / n, with
// the time of the slowest rank. Every answer is checked.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <boost/program_options.hpp>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/comm/device_choice.hpp"
#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/comm/world.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

namespace {

using namespace zoetrope::comm;
using zoetrope::support::Json;
using Clock = std::chrono::steady_clock;

struct Options {
  std::int64_t max_bytes = std::int64_t{64} << 20;
  double seconds_per_size = 0.5;
  int buckets = 8;
  std::int64_t bucket_bytes = std::int64_t{4} << 20;
  double compute_ms = 8.0;  // between two buckets
  int steps = 30;
  std::string device = "cpu";
  std::string json;
};

// What is measured: the ranks' tensors, and what connects them.
struct Ranks {
  World& world;
  Communicator& tensors;
  at::Device device;

  bool is_root() const { return world.rank() == 0; }
  at::Tensor ones(std::int64_t bytes) const { return at::ones({bytes / 4}, at::TensorOptions(device)); }
  // A device has done what it was given.
  void synchronize() const {
    if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).getStream(device).synchronize();
  }
};

struct Times {
  double median_s = 0;
  double max_s = 0;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Runs `body` `count` times from a common start and takes each run's time from its slowest rank.
Times time_on_all(const Ranks& ranks, int count, const std::function<void()>& body) {
  Communicator& control = ranks.world.communicator();
  at::Tensor times = at::zeros({count}, at::kDouble);
  double* each = times.data_ptr<double>();
  for (int i = 0; i < count; ++i) {
    ranks.synchronize();
    control.barrier();
    const auto start = Clock::now();
    body();
    ranks.synchronize();
    each[i] = seconds_since(start);
  }
  control.all_reduce(times, ReduceOp::kMax);
  std::sort(each, each + count);
  return {each[count / 2], each[count - 1]};
}

void check(bool right, const char* what) {
  if (!right) throw std::runtime_error(std::string(what) + " gave a wrong answer");
}

// As many iterations as fit `seconds`, the same number on all ranks.
int choose_iterations(const Ranks& ranks, double seconds, const std::function<void()>& body) {
  const Times warm_up = time_on_all(ranks, 5, body);
  const auto fitting = static_cast<std::int64_t>(seconds / std::max(warm_up.median_s, 1e-7));
  return static_cast<int>(
      std::clamp<std::int64_t>(broadcast_scalar(ranks.world.communicator(), fitting, 0), 5, 5000));
}

Json measure_sizes(const Ranks& ranks, const Options& options) {
  const double n = ranks.world.size();
  Json rows = Json::array();
  if (ranks.is_root())
    std::puts("      bytes   iterations   median us      max us   algbw GB/s   busbw GB/s");
  for (std::int64_t bytes = 8; bytes <= options.max_bytes; bytes *= 4) {
    const at::Tensor tensor = ranks.ones(bytes);
    const auto body = [&] { ranks.tensors.all_reduce(tensor, ReduceOp::kAverage); };
    const int iterations = choose_iterations(ranks, options.seconds_per_size, body);
    const Times times = time_on_all(ranks, iterations, body);
    check(at::equal(tensor, ranks.ones(bytes)), "all_reduce");
    const double algbw = static_cast<double>(bytes) / times.median_s * 1e-9;
    const double busbw = algbw * 2 * (n - 1) / n;
    rows.push_back({{"bytes", bytes},
                    {"iterations", iterations},
                    {"median_us", times.median_s * 1e6},
                    {"max_us", times.max_s * 1e6},
                    {"algbw_gb_s", algbw},
                    {"busbw_gb_s", busbw}});
    if (!ranks.is_root()) continue;
    std::printf("%11lld %12d %11.1f %11.1f %12.3f %12.3f\n", static_cast<long long>(bytes), iterations,
                times.median_s * 1e6, times.max_s * 1e6, algbw, busbw);
  }
  return rows;
}

// Something that takes about `milliseconds`: matrix products on this rank's cores or GPU ("busy"), or sleep
// ("idle"), as when a GPU computes and the cores are free.
std::function<void()> make_computation(const Ranks& ranks, bool busy, double milliseconds) {
  if (!busy)
    return [milliseconds] {
      std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
    };
  const std::int64_t side = ranks.device.is_cpu() ? 256 : 2048;
  const at::Tensor a = at::rand({side, side}, at::TensorOptions(ranks.device));
  auto product = at::empty_like(a);
  auto one = [a, product]() mutable { at::mm_out(product, a, a); };
  const double each_s = time_on_all(ranks, 100, one).median_s;
  const auto repeats =
      broadcast_scalar(ranks.world.communicator(), std::lround(milliseconds * 1e-3 / each_s), 0);
  return [one, repeats]() mutable {
    for (std::int64_t i = 0; i < repeats; ++i) one();
  };
}

// A step like training's backward pass: a bucket is full after each stretch of computation.
Json measure_overlap(const Ranks& ranks, const Options& options, bool busy) {
  const auto compute = make_computation(ranks, busy, options.compute_ms);
  ranks.world.set_compute_threads(busy && ranks.device.is_cpu() ? at::get_num_threads() : 0);
  std::vector<at::Tensor> buckets;
  for (int i = 0; i < options.buckets; ++i) buckets.push_back(ranks.ones(options.bucket_bytes));

  const auto alone = [&] {
    for (std::size_t i = 0; i < buckets.size(); ++i) compute();
  };
  const auto blocking = [&] {
    for (const at::Tensor& bucket : buckets) {
      compute();
      ranks.tensors.all_reduce(bucket, ReduceOp::kAverage);
    }
  };
  const auto overlapped = [&] {
    std::vector<std::unique_ptr<Work>> works;
    for (const at::Tensor& bucket : buckets) {
      compute();
      works.push_back(ranks.tensors.all_reduce_async(bucket, ReduceOp::kAverage));
    }
    for (const auto& work : works) work->wait();
  };
  time_on_all(ranks, 3, overlapped);  // warm-up
  const Times t_alone = time_on_all(ranks, options.steps, alone);
  const Times t_blocking = time_on_all(ranks, options.steps, blocking);
  const Times t_overlapped = time_on_all(ranks, options.steps, overlapped);
  for (const at::Tensor& bucket : buckets)
    check(at::equal(bucket, at::ones_like(bucket)), "all_reduce_async");

  const auto ms = [](double s) { return s * 1e3; };
  const double exposed_blocking = ms(t_blocking.median_s - t_alone.median_s);
  const double exposed_overlapped = ms(t_overlapped.median_s - t_alone.median_s);
  if (ranks.is_root()) {
    std::printf("%-8s %10.1f %12.1f %12.1f %18.2f %20.2f\n", busy ? "busy" : "idle", ms(t_alone.median_s),
                ms(t_blocking.median_s), ms(t_overlapped.median_s), exposed_blocking, exposed_overlapped);
  }
  return {{"cores", busy ? "busy" : "idle"},         {"compute_ms", ms(t_alone.median_s)},
          {"blocking_ms", ms(t_blocking.median_s)},  {"overlapped_ms", ms(t_overlapped.median_s)},
          {"exposed_blocking_ms", exposed_blocking}, {"exposed_overlapped_ms", exposed_overlapped}};
}

Json measure_overlaps(const Ranks& ranks, const Options& options) {
  if (ranks.is_root()) {
    std::printf("\n%d buckets of %lld bytes a step, ms (median of the slowest rank)\n", options.buckets,
                static_cast<long long>(options.bucket_bytes));
    std::puts("cores    compute     blocking   overlapped   exposed: blocking   exposed: overlapped");
  }
  Json both = Json::array();
  both.push_back(measure_overlap(ranks, options, true));
  if (ranks.device.is_cpu()) both.push_back(measure_overlap(ranks, options, false));
  return both;
}

Options parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  po::options_description description("comm_bench");
  description.add_options()("help", "this text")("smoke", "a short run that only shows that it works")(
      "device", po::value(&options.device), "cpu or cuda")("max-bytes", po::value(&options.max_bytes),
                                                           "the largest message")(
      "seconds", po::value(&options.seconds_per_size), "time for one message size")(
      "steps", po::value(&options.steps), "steps of the overlap measurement")(
      "json", po::value(&options.json), "also write FILE");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, description), given);
  po::notify(given);
  if (given.contains("help")) {
    std::cout << description;
    std::exit(0);
  }
  if (given.contains("smoke")) {
    options.max_bytes = 1 << 15;
    options.seconds_per_size = 0.01;
    options.buckets = 2;
    options.bucket_bytes = 1 << 14;
    options.compute_ms = 1;
    options.steps = 3;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  World world(argc, argv);
  try {
    const Options options = parse(argc, argv);
    at::set_num_threads(threads_per_rank(world));
    Json result = {{"ranks", world.size()},
                   {"host", world.host()},
                   {"threads_per_rank", threads_per_rank(world)},
                   {"mpi", mpi_library_version()}};
    std::unique_ptr<Communicator> nccl;
    at::Device device = at::kCPU;
    if (options.device == "cuda") {
      const zoetrope::compute::Device gpu = select_device(world.communicator(), Place::of(world),
                                                          zoetrope::compute::cuda_devices(), nccl_version());
      device = zoetrope::compute::tensor_device(gpu);
      c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
      nccl = make_nccl_communicator(world, gpu.ordinal);
      result["device"] = gpu.name;
      result["nccl"] = nccl_version();
    }
    const Ranks ranks{world, nccl ? *nccl : world.communicator(), device};
    result["all_reduce"] = measure_sizes(ranks, options);
    result["overlap"] = measure_overlaps(ranks, options);
    if (world.rank() == 0 && !options.json.empty())
      zoetrope::support::write_file(options.json, result.dump(2) + "\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "comm_bench: %s\n", error.what());
    world.abort(1);
  }
  return 0;
}
