// SPDX-License-Identifier: Apache-2.0
// A process that finishes what this one cannot, should it be killed.
#pragma once

#include <cstddef>
#include <functional>

#include <sys/types.h>

namespace zoetrope::compute {

// A child in a session of its own, where no signal to this process or its group comes. It knows what memory
// holds now, and waits: when this process ends before `count` pieces of work are done, the child does those
// that are left. It has one thread, no device, and neither standard streams nor sockets; locks on files it
// holds as long as it lives. Where the system gives no child there is none.
class Heir {
 public:
  // `work(i)`: the i-th piece, in the child.
  Heir(std::size_t count, const std::function<void(std::size_t)>& work);
  // Nothing is left for it to do: waits for its end.
  ~Heir();
  Heir(const Heir&) = delete;
  Heir& operator=(const Heir&) = delete;

  // One more piece is done.
  void note_done() noexcept;

 private:
  int done_ = -1;  // a pipe: a byte for each piece
  pid_t child_ = -1;
};

}  // namespace zoetrope::compute
