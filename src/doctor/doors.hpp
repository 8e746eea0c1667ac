// SPDX-License-Identifier: Apache-2.0
// Whether one host reaches another over TCP, and over which of its networks: a port that is open for as long
// as this lives, and a way to knock at another's.
#pragma once

#include <string>
#include <vector>

namespace zoetrope::doctor {

// Where a process can be reached.
struct Door {
  std::string interface;  // "eth0"
  std::string address;    // "10.9.0.2": IPv4, as MPI and NCCL take it
  int port = 0;
};

class OpenDoors {
 public:
  // A port that the system chooses, on every network of this host but loopback. None where it gives none.
  OpenDoors();
  ~OpenDoors();
  OpenDoors(const OpenDoors&) = delete;
  OpenDoors& operator=(const OpenDoors&) = delete;

  const std::vector<Door>& doors() const { return doors_; }

 private:
  int socket_ = -1;
  std::vector<Door> doors_;
};

// Which of `doors` answer within three seconds; all are tried at the same time.
std::vector<bool> knock(const std::vector<Door>& doors);

}  // namespace zoetrope::doctor
