// SPDX-License-Identifier: Apache-2.0
#include "stages.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

namespace simulation {

namespace s4u = simgrid::s4u;

namespace {

constexpr double kForwardPart = 1.0 / 3;  // of a step's products; backward has two thirds
constexpr double kUpdateBytes = 28;       // of a parameter: AdamW reads four float32 and writes three
constexpr double kBytesInQueue =
    double{2ULL << 30U};         // of copies that wait to be written (src/train/saver.cpp)
constexpr int kStepsPlayed = 3;  // the first of which fills the pipe, and does not count
constexpr double kBytesOfPng = 4e5;

double now() {
  return s4u::Engine::get_clock();
}

// The all-reduces of a node, which go on beside its computation.
struct Stream {
  std::deque<double> buckets;
  s4u::SemaphorePtr to_do = s4u::Semaphore::create(0), done = s4u::Semaphore::create(0);

  void push(double bytes) {
    buckets.push_back(bytes);
    to_do->release();
  }
  void play(const Cluster& cluster, int node) {
    for (;;) {
      to_do->acquire();
      const double bytes = buckets.front();
      buckets.pop_front();
      if (bytes == 0) return;
      cluster.all_reduce(node, bytes, "gradients");
      done->release();
    }
  }
};

struct StepClock {
  double computing = 0, exposed = 0, update = 0, images = 0, agreeing = 0;
};

StepClock one_step(const Cluster& cluster, const Workload& work, int node, Stream& stream) {
  StepClock clock;
  const bool hides = cluster.platform().hides_communication;
  const std::vector<double> buckets = work.buckets();
  s4u::CommPtr images;  // the next step's, if they are not in memory
  if (!work.keeps_images)
    images = cluster.start_reading(node, work.batch(cluster.ranks()) / cluster.nodes() * work.bytes_of_image);
  clock.computing = work.computing(cluster.platform(), cluster.ranks());
  s4u::this_actor::sleep_for(clock.computing * kForwardPart);
  for (const double bytes : buckets) {
    s4u::this_actor::sleep_for(clock.computing * (1 - kForwardPart) * bytes / work.weight_bytes());
    if (hides) stream.push(bytes);
  }
  const double computed = now();
  if (!hides)
    for (const double bytes : buckets) stream.push(bytes);
  for (std::size_t i = 0; i < buckets.size(); ++i) stream.done->acquire();
  const double summed = now();
  s4u::this_actor::sleep_for(kUpdateBytes * work.parameters / cluster.platform().memory_bandwidth);
  const double updated = now();
  if (images) images->wait();
  const double read = now();
  cluster.agree(node, "agreement");
  clock.exposed = summed - computed;
  clock.update = updated - summed;
  clock.images = read - updated;
  clock.agreeing = now() - read;
  return clock;
}

// Copies that wait to be written, in the order in which they came.
class WriteQueue {
 public:
  explicit WriteQueue(const Cluster& cluster) : cluster_(cluster) {
    writer_ = s4u::Actor::create("writer", cluster.host(0), [this] { play(); });
  }
  // Returns the seconds for which there was no room.
  double push(double bytes) {
    const double start = now();
    while (waiting_ > 0 && waiting_ + bytes > kBytesInQueue) written_->acquire();
    waiting_ += bytes;
    copies_.push_back(bytes);
    to_do_->release();
    return now() - start;
  }
  void finish() {
    copies_.push_back(0);
    to_do_->release();
    writer_->join();
  }

 private:
  void play() {
    for (;;) {
      to_do_->acquire();
      const double bytes = copies_.front();
      copies_.pop_front();
      if (bytes == 0) return;
      cluster_.write(0, bytes);
      waiting_ -= bytes;
      written_->release();
    }
  }

  const Cluster& cluster_;
  std::deque<double> copies_;
  double waiting_ = 0;
  s4u::SemaphorePtr to_do_ = s4u::Semaphore::create(0), written_ = s4u::Semaphore::create(0);
  s4u::ActorPtr writer_;
};

// Every rank reads the model and the images itself; a node's ranks share what its page cache has.
double play_start(const Cluster& cluster, const Workload& work) {
  const double start = now();
  for (int node = 0; node < cluster.nodes(); ++node)
    s4u::Actor::create("start", cluster.host(node), [&cluster, &work, node] {
      cluster.read(
          node, work.weight_bytes() + (work.keeps_images ? work.training_images * work.bytes_of_image : 0));
    });
  s4u::Engine::get_instance()->run();
  return now() - start;
}

struct TrainingClock {
  double steps = 0, embedding = 0, gathering = 0, no_room = 0, last_writes = 0;
};

TrainingClock train(const Cluster& cluster, const Workload& work, double step_seconds) {
  TrainingClock clock;
  WriteQueue queue(cluster);
  const double of_checkpoint =
      step_seconds * static_cast<double>(work.steps(cluster.ranks())) / static_cast<double>(work.checkpoints);
  double resumable = now();
  for (std::int64_t checkpoint = 0; checkpoint < work.checkpoints; ++checkpoint) {
    s4u::this_actor::sleep_for(of_checkpoint);
    clock.steps += of_checkpoint;
    const double computing = work.embedding(cluster.platform(), cluster.ranks());
    s4u::this_actor::sleep_for(computing);
    clock.embedding += computing;
    const double before = now();
    cluster.gather(work.embedding_bytes() / cluster.nodes());
    clock.gathering += now() - before;
    clock.no_room += queue.push((work.writes_models ? work.weight_bytes() : 0) + work.embedding_bytes());
    if (now() - resumable >= work.resume_every || checkpoint + 1 == work.checkpoints) {
      clock.no_room += queue.push((work.writes_models ? 2 : 3) * work.weight_bytes());
      resumable = now();
    }
  }
  const double trained = now();
  queue.finish();
  clock.last_writes = now() - trained;
  return clock;
}

// Frames first to last of a rank, and the one before, which some curves compare with.
void analyse_frames(const Cluster& cluster, const Workload& work, const Costs& costs, int rank,
                    std::int64_t frames) {
  for (std::int64_t frame = rank > 0 ? -1 : 0; frame < frames; ++frame) {
    cluster.read(cluster.node_of_rank(rank), work.embedding_bytes());
    if (frame >= 0) s4u::this_actor::sleep_for(costs.frame(work) / cluster.platform().cores_per_rank);
  }
}

}  // namespace

Parts play_step(const Cluster& cluster, const Workload& work) {
  std::vector<StepClock> clocks(kStepsPlayed);
  std::vector<std::unique_ptr<Stream>> streams;
  for (int node = 0; node < cluster.nodes(); ++node) {
    streams.push_back(std::make_unique<Stream>());
    Stream& stream = *streams.back();
    s4u::Actor::create("stream", cluster.host(node),
                       [&cluster, &stream, node] { stream.play(cluster, node); });
    s4u::Actor::create("trainer", cluster.host(node), [&cluster, &work, &stream, &clocks, node] {
      for (StepClock& clock : clocks) {
        const StepClock seen = one_step(cluster, work, node, stream);
        if (node == 0) clock = seen;
      }
      stream.push(0);
    });
  }
  s4u::Engine::get_instance()->run();
  const auto mean = [&](double StepClock::*part) {
    double sum = 0;
    for (int step = 1; step < kStepsPlayed; ++step) sum += clocks[static_cast<std::size_t>(step)].*part;
    return sum / (kStepsPlayed - 1);
  };
  return {{"computing", mean(&StepClock::computing)},
          {"all-reduces that computing does not hide", mean(&StepClock::exposed)},
          {"update", mean(&StepClock::update)},
          {"waiting for images", mean(&StepClock::images)},
          {"agreeing", mean(&StepClock::agreeing)}};
}

Parts play_training(const Cluster& cluster, const Workload& work, double step_seconds) {
  const double start = play_start(cluster, work);
  TrainingClock clock;
  s4u::Actor::create("training", cluster.host(0), [&] { clock = train(cluster, work, step_seconds); });
  s4u::Engine::get_instance()->run();
  return {{"reading model and images", start},
          {"steps", clock.steps},
          {"embedding", clock.embedding},
          {"gathering embeddings", clock.gathering},
          {"no room for copies: rank 0 writes", clock.no_room},
          {"the last writes", clock.last_writes}};
}

Parts play_analysis(const Cluster& cluster, const Workload& work, const Costs& costs) {
  const std::int64_t frames = work.checkpoints + 1;
  const auto ranks = static_cast<int>(std::min<std::int64_t>(cluster.ranks(), frames));
  const std::int64_t of_rank = (frames + ranks - 1) / ranks;
  const double start = now();
  for (int rank = 0; rank < ranks; ++rank)
    s4u::Actor::create("analysis", cluster.host(cluster.node_of_rank(rank)),
                       [&, rank] { analyse_frames(cluster, work, costs, rank, of_rank); });
  s4u::Engine::get_instance()->run();
  const double analysed = now();
  const double numbers = 8 * costs.numbers * work.test_images * static_cast<double>(frames);
  s4u::Actor::create("gather", cluster.host(0), [&] { cluster.gather(numbers / cluster.nodes()); });
  s4u::Engine::get_instance()->run();
  const double gathered = now();
  const double points = work.test_images * static_cast<double>(frames);
  s4u::Actor::create("frames", cluster.host(0),
                     [&] { cluster.write(0, kBytesOfPng * static_cast<double>(of_rank)); });
  s4u::Engine::get_instance()->run();
  const double drawing =
      costs.drawing * work.test_images * static_cast<double>(of_rank) / cluster.platform().cores_per_rank +
      now() - gathered;
  return {{"analysis of frames", analysed - start},
          {"gathering results", gathered - analysed},
          {"rank 0's chain of frames", costs.chain * points},
          {"drawing", drawing},
          {"encoding, one rank a format",
           costs.encoding * static_cast<double>(frames) / cluster.platform().cores_per_rank},
          {"page, rank 0", costs.page * points}};
}

}  // namespace simulation
