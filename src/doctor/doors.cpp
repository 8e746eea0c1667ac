// SPDX-License-Identifier: Apache-2.0
#include "doors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace zoetrope::doctor {

namespace {

sockaddr_in ipv4(in_addr_t address, int port) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = address;
  place.sin_port = htons(static_cast<std::uint16_t>(port));
  return place;
}

// Of each network that is up; loopback leads nowhere else.
std::vector<Door> own_addresses(int port) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, ::freeifaddrs);
  std::vector<Door> doors;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    if ((each->ifa_flags & IFF_UP) == 0 || (each->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr)
      doors.push_back({each->ifa_name, text.data(), port});
  }
  return doors;
}

// A connection that is being made, of which poll() tells how it ends; -1 where it cannot even begin.
int begin_to_connect(const Door& door) {
  in_addr address{};
  if (::inet_pton(AF_INET, door.address.c_str(), &address) != 1) return -1;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const sockaddr_in place = ipv4(address.s_addr, door.port);
  if (fd < 0) return -1;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0 || errno == EINPROGRESS)
    return fd;
  ::close(fd);
  return -1;
}

bool has_connected(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

OpenDoors::OpenDoors() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  // Nobody is let in: that the system takes the connection is answer enough.
  constexpr int kWaiting = 128;
  sockaddr_in place = ipv4(INADDR_ANY, 0);
  socklen_t size = sizeof place;
  auto* const any = reinterpret_cast<sockaddr*>(&place);
  if (socket_ >= 0 && ::bind(socket_, any, size) == 0 && ::listen(socket_, kWaiting) == 0 &&
      ::getsockname(socket_, any, &size) == 0)
    doors_ = own_addresses(ntohs(place.sin_port));
}

OpenDoors::~OpenDoors() {
  if (socket_ >= 0) ::close(socket_);
}

std::vector<bool> knock(const std::vector<Door>& doors) {
  using namespace std::chrono_literals;
  using Clock = std::chrono::steady_clock;
  std::vector<pollfd> waiting;
  for (const Door& door : doors) waiting.push_back({begin_to_connect(door), POLLOUT, 0});
  std::vector<bool> answers(doors.size(), false);
  for (const auto end = Clock::now() + 3s; Clock::now() < end;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) break;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      answers[i] = has_connected(waiting[i].fd);
      ::close(waiting[i].fd);
      waiting[i].fd = -1;  // poll() passes over it
    }
    if (std::ranges::all_of(waiting, [](const pollfd& each) { return each.fd < 0; })) break;
  }
  for (const pollfd& each : waiting)
    if (each.fd >= 0) ::close(each.fd);
  return answers;
}

}  // namespace zoetrope::doctor
