// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace simulation {

namespace s4u = simgrid::s4u;

namespace {

bool is_power_of_two(int number) {
  return number > 0 && (number & (number - 1)) == 0;
}

std::uint64_t whole(double bytes) {
  return static_cast<std::uint64_t>(std::ceil(bytes));
}

// As fast in one direction as in the other, at the same time.
const s4u::Link* line(s4u::NetZone& zone, const std::string& name, double bandwidth, double latency) {
  return zone.create_split_duplex_link(name, bandwidth)->set_latency(latency)->seal();
}

// A host with its way to the middle of the star.
s4u::Host* attach(s4u::NetZone& zone, const std::string& name, const std::vector<const s4u::Link*>& way) {
  s4u::Host* host = zone.create_host(name, 1e9)->seal();
  std::vector<s4u::LinkInRoute> links;
  for (const s4u::Link* link : way) links.emplace_back(link, s4u::LinkInRoute::Direction::UP);
  zone.add_route(host->get_netpoint(), nullptr, nullptr, nullptr, links, true);
  return host;
}

}  // namespace

Cluster::Cluster(const Platform& platform, int ranks) : platform_(platform), ranks_(ranks) {
  const int on_node = std::min(ranks, platform.ranks_per_node);
  if (!is_power_of_two(ranks) || !is_power_of_two(on_node))
    throw std::invalid_argument("the number of ranks, and that of a node, must be a power of two");
  const int nodes = ranks / on_node;
  s4u::NetZone* zone = s4u::create_star_zone("cluster");
  const double bandwidth = platform.between.bandwidth * on_node;
  const s4u::Link* core = line(*zone, "switch", bandwidth * nodes / platform.oversubscription, 0);
  for (int node = 0; node < nodes; ++node) {
    const std::string name = "node-" + std::to_string(node);
    // Half of the latency is the sender's line, half the receiver's.
    const s4u::Link* network = line(*zone, name + "-network", bandwidth, platform.between.latency / 2);
    hosts_.push_back(attach(*zone, name, {network, core}));
    // What asks the file system has the node's line, too, and a limit of its own.
    const s4u::Link* client = line(*zone, name + "-files", platform.file_system.bandwidth_per_node, 0);
    clients_.push_back(attach(*zone, name + "-client", {client, network, core}));
  }
  file_system_ =
      attach(*zone, "file-system",
             {line(*zone, "file-system-line", platform.file_system.bandwidth, platform.file_system.latency)});
  zone->seal();
}

void Cluster::exchange(int node, int partner, double bytes, const std::string& name) const {
  static int nothing = 0;
  const auto box = [&](int to, int from) {
    return s4u::Mailbox::by_name(name + ':' + std::to_string(to) + '<' + std::to_string(from));
  };
  void* received = nullptr;
  s4u::CommPtr sent = box(partner, node)->put_async(&nothing, whole(bytes));
  s4u::CommPtr got = box(node, partner)->get_async<int>(reinterpret_cast<int**>(&received));
  sent->wait();
  got->wait();
}

void Cluster::all_reduce(int node, double bytes, const std::string& name) const {
  const double on_node = ranks_of_node();
  // Reduce-scatter among the ranks of the node, later all-gather; each in a ring's time.
  const double within = on_node > 1 ? bytes * (on_node - 1) / on_node / platform_.within.bandwidth +
                                          std::log2(on_node) * platform_.within.latency
                                    : 0;
  s4u::this_actor::sleep_for(within);
  double part = bytes;
  for (int distance = 1; distance < nodes(); distance *= 2) exchange(node, node ^ distance, part /= 2, name);
  for (int distance = nodes() / 2; distance >= 1; distance /= 2, part *= 2)
    exchange(node, node ^ distance, part, name);
  s4u::this_actor::sleep_for(within);
}

void Cluster::agree(int node, const std::string& name) const {
  s4u::this_actor::sleep_for(std::log2(ranks_of_node()) * platform_.within.latency);
  for (int distance = 1; distance < nodes(); distance *= 2) exchange(node, node ^ distance, 8, name);
}

s4u::CommPtr Cluster::start_reading(int node, double bytes) const {
  return s4u::Comm::sendto_async(file_system_, clients_[static_cast<std::size_t>(node)], whole(bytes));
}

void Cluster::read(int node, double bytes) const {
  start_reading(node, bytes)->wait();
}

void Cluster::write(int node, double bytes) const {
  s4u::Comm::sendto(clients_[static_cast<std::size_t>(node)], file_system_, whole(bytes));
}

void Cluster::gather(double bytes_of_node) const {
  std::vector<s4u::CommPtr> parts;
  for (int node = 1; node < nodes(); ++node)
    parts.push_back(s4u::Comm::sendto_async(host(node), host(0), whole(bytes_of_node)));
  s4u::Comm::wait_all(parts);
}

}  // namespace simulation
