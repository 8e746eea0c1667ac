// SPDX-License-Identifier: Apache-2.0
// A cluster that SimGrid imagines: nodes of several ranks each on a switch, and a file system that all of
// them share.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <simgrid/s4u.hpp>

namespace simulation {

// Bytes per second and seconds of one direction.
struct Line {
  double bandwidth = 0;
  double latency = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Line, bandwidth, latency)

// Of all nodes together, and of each.
struct FileSystem {
  double bandwidth = 0;
  double bandwidth_per_node = 0;
  double latency = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FileSystem, bandwidth, bandwidth_per_node, latency)

// As platforms/*.json has it; README.md says what its numbers mean.
struct Platform {
  int ranks_per_node = 1;
  Line within;                  // from a rank to another of its node
  Line between;                 // from a rank to the switch
  double oversubscription = 1;  // how often the lines of all nodes are more than the switch carries
  FileSystem file_system;
  double training_flops = 0, embedding_flops = 0;  // that a rank reaches, per second
  double step_overhead = 0;                        // seconds of a step that its images do not change
  double embedding_block = 0;                      // images that a rank embeds at once
  double memory_bandwidth = 0;                     // of a rank's device: bytes per second
  bool hides_communication = true;                 // sums gradients while backward goes on
  double cores_per_rank = 1;                       // for the analysis and the pictures
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Platform, ranks_per_node, within, between, oversubscription, file_system,
                                   training_flops, embedding_flops, step_overhead, embedding_block,
                                   memory_bandwidth, hides_communication, cores_per_rank)

// Ranks that hold the same work at the same time are one actor, the node; what it does itself passes as time.
class Cluster {
 public:
  // Builds it in SimGrid's engine. Throws std::invalid_argument unless `ranks` is a power of two and whole
  // nodes.
  Cluster(const Platform& platform, int ranks);

  const Platform& platform() const { return platform_; }
  int ranks() const { return ranks_; }
  int nodes() const { return static_cast<int>(hosts_.size()); }
  int ranks_of_node() const { return ranks_ / nodes(); }
  simgrid::s4u::Host* host(int node) const { return hosts_[static_cast<std::size_t>(node)]; }
  int node_of_rank(int rank) const { return rank / ranks_of_node(); }

  // For the actor of `node`, with those of all others: Rabenseifner's algorithm over nodes, after and before
  // the ranks of a node have added up theirs. Returns when it is done.
  void all_reduce(int node, double bytes, const std::string& name) const;
  // The same of a number, over MPI: latencies alone.
  void agree(int node, const std::string& name) const;

  // Of the file system that all nodes share.
  void read(int node, double bytes) const;
  void write(int node, double bytes) const;
  simgrid::s4u::CommPtr start_reading(int node, double bytes) const;
  // Every node's bytes to the first.
  void gather(double bytes_of_node) const;

 private:
  void exchange(int node, int partner, double bytes, const std::string& name) const;

  Platform platform_;
  int ranks_;
  std::vector<simgrid::s4u::Host*> hosts_, clients_;
  simgrid::s4u::Host* file_system_;
};

}  // namespace simulation
