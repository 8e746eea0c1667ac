// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <utility>

#include <ATen/ATen.h>

#include "zoetrope/support/stopwatch.hpp"

#include "collectives.hpp"

namespace zoetrope::doctor {

namespace {

using comm::Communicator;
using comm::ReduceOp;

constexpr std::int64_t kLargeBytes = std::int64_t{4} << 20;
constexpr std::int64_t kItem = 4;  // bytes of a float
constexpr int kCalls = 5;
constexpr double kLongCall = 0.3;       // seconds: it is not called again
constexpr double kTimeForCalls = 6.0;   // seconds, about, until each is called once
constexpr double kTimeForPairs = 10.0;  // seconds, about

// Of rank 0, for all: what is decided by a clock.
bool decide(Communicator& control, bool here) {
  return comm::broadcast_scalar(control, here ? 1 : 0, 0) != 0;
}

// A call on a device is done when what it gives has come to the host.
void settle(const at::Tensor& tensor) {
  if (!tensor.is_cpu()) tensor.view({-1}).slice(0, 0, 1).cpu();
}

// The median of some calls, each as long as its slowest rank takes; after one that is not counted. Of one
// where `is_late`.
double time_call(const Backend& backend, bool is_late, const std::function<void()>& call) {
  const double long_call = is_late ? 0 : kLongCall;
  std::vector<double> seconds;
  for (int i = 0; i <= kCalls; ++i) {
    backend.control.barrier();
    const support::Stopwatch watch;
    call();
    const double slowest = comm::all_reduce_scalar(backend.control, watch.seconds(), ReduceOp::kMax);
    if (i > 0 || slowest > long_call) seconds.push_back(slowest);
    if (slowest > long_call) break;
  }
  std::ranges::nth_element(seconds, seconds.begin() + std::ssize(seconds) / 2);
  return seconds[seconds.size() / 2];
}

struct TimedCall {
  std::string operation;
  std::function<void(const at::Tensor& tensor)> call;
};

std::vector<TimedCall> timed_calls(Communicator& over) {
  const auto share_of = [rank = over.rank(), size = over.size()](const at::Tensor& tensor) {
    return support::share(tensor.numel(), rank, size);
  };
  // A gather's pieces together are as large as another's tensor.
  const auto piece_of = [share_of](const at::Tensor& tensor) {
    const support::Range share = share_of(tensor);
    return tensor.slice(0, share.begin, share.end).contiguous();
  };
  return {{"broadcast",
           [&over](const at::Tensor& tensor) {
             over.broadcast(tensor, 0);
             settle(tensor);
           }},
          {"all_reduce",
           [&over](const at::Tensor& tensor) {
             over.all_reduce(tensor, ReduceOp::kSum);
             settle(tensor);
           }},
          {"reduce",
           [&over](const at::Tensor& tensor) {
             over.reduce(tensor, 0, ReduceOp::kSum);
             settle(tensor);
           }},
          {"reduce_scatter",
           [&over, share_of](const at::Tensor& tensor) {
             over.reduce_scatter(tensor, share_of(tensor));
             settle(tensor);
           }},
          {"gather",
           [&over, piece_of](const at::Tensor& tensor) {
             const at::Tensor all = over.gather(piece_of(tensor), 0);
             if (all.defined() && all.numel() > 0) settle(all);
           }},
          {"all_gather",
           [&over, piece_of](const at::Tensor& tensor) { settle(over.all_gather(piece_of(tensor))); }}};
}

at::Tensor ones(std::int64_t bytes, at::Device device) {
  return at::ones({bytes / kItem}, at::TensorOptions(at::kFloat).device(device));
}

// Who meets whom in round `round` of a tournament in which each of `count` meets each: the circle method.
// `count` is even; -1: nobody.
std::vector<std::pair<int, int>> meetings(int round, int count) {
  const auto player = [=](int place) { return place == 0 ? 0 : (place + round - 1) % (count - 1) + 1; };
  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < count / 2; ++i) pairs.push_back(std::minmax(player(i), player(count - 1 - i)));
  return pairs;
}

// Latency and bytes a second between the two ranks of `pair`.
std::pair<double, double> measure_pair(Communicator& pair, at::Device device) {
  const auto time = [&](const at::Tensor& tensor) {
    double least = 1e30;
    for (int i = 0; i < kCalls; ++i) {
      pair.barrier();
      const support::Stopwatch watch;
      pair.all_reduce(tensor, ReduceOp::kSum);
      settle(tensor);
      least = std::min(least, watch.seconds());
      if (watch.seconds() > kLongCall && i > 0) break;
    }
    return least;
  };
  const double latency = time(ones(kItem, device));
  return {latency, static_cast<double>(kLargeBytes) / time(ones(kLargeBytes, device))};
}

}  // namespace

std::vector<CollectiveTime> time_collectives(const Backend& backend, const Announce& announce) {
  const support::Stopwatch watch;
  std::vector<CollectiveTime> times;
  const auto time = [&](const std::string& operation, std::int64_t bytes, const std::function<void()>& call) {
    announce(operation + (bytes > 0 ? " of " + std::to_string(bytes) + " bytes" : ""));
    const bool is_late = decide(backend.control, watch.seconds() > kTimeForCalls);
    times.push_back({backend.name(), operation, bytes, time_call(backend, is_late, call)});
  };
  time("barrier", 0, [&] { backend.over.barrier(); });
  for (const TimedCall& timed : timed_calls(backend.over)) {
    for (const std::int64_t bytes : {kItem * backend.over.size(), kLargeBytes}) {
      const at::Tensor tensor = ones(bytes, backend.device);
      time(timed.operation, bytes, [&] { timed.call(tensor); });
    }
  }
  return times;
}

std::vector<PairTime> time_pairs(const Backend& backend, const std::vector<Host>& hosts,
                                 const Announce& announce) {
  const support::Stopwatch watch;
  const int count = static_cast<int>(hosts.size()), even = count + count % 2;
  // [hosts, hosts, 2]: latency and bytes a second, each from the pair's first rank, and summed over all.
  const at::Tensor found = at::zeros({count, count, 2}, at::kDouble);
  for (int round = 0; round < even - 1; ++round) {
    if (decide(backend.control, watch.seconds() > kTimeForPairs)) break;
    announce("round " + std::to_string(round + 1));
    int color = even + backend.over.rank();  // by itself
    std::pair<int, int> own{-1, -1};
    for (const auto& [first, second] : meetings(round, even)) {
      if (second >= count) continue;
      for (const int host : {first, second})
        if (hosts[static_cast<std::size_t>(host)].speaker() == backend.over.rank())
          own = {first, second}, color = first;
    }
    const std::unique_ptr<Communicator> pair = backend.over.split(color);
    if (own.first < 0) continue;
    const auto [latency, speed] = measure_pair(*pair, backend.device);
    if (pair->rank() != 0) continue;
    found[own.first][own.second][0] = latency;
    found[own.first][own.second][1] = speed;
  }
  backend.control.all_reduce(found, ReduceOp::kSum);
  std::vector<PairTime> pairs;
  for (int a = 0; a < count; ++a)
    for (int b = a + 1; b < count; ++b)
      if (const double speed = found[a][b][1].item<double>(); speed > 0)
        pairs.push_back({backend.name(), hosts[static_cast<std::size_t>(a)].name,
                         hosts[static_cast<std::size_t>(b)].name, found[a][b][0].item<double>(), speed});
  return pairs;
}

}  // namespace zoetrope::doctor
