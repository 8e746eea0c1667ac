// SPDX-License-Identifier: Apache-2.0
// A process that finishes what this one cannot, should it be killed.
#pragma once

#include <cstddef>
#include <functional>

#include <sys/types.h>

namespace zoetrope::compute {

// A child in a session of its own, where no signal to this process or its group comes. It knows what memory
// holds now, and waits: when this process ends before `count` pieces of work are done, the child does those
// that are left. It has one thread for them, no device, no log, and neither standard streams nor sockets.
// This process's locks on folders (support::FolderLock) are the child's then: it shows that it lives, and
// ends where another job has taken one over. Where the system gives no child there is none.
class Heir {
 public:
  // `work(i)`: the i-th piece, in the child.
  Heir(std::size_t count, const std::function<void(std::size_t)>& work);
  // It is not needed any more: waits for its end.
  ~Heir();
  Heir(const Heir&) = delete;
  Heir& operator=(const Heir&) = delete;

  // One more piece is done.
  void note_done() noexcept;
  // Pieces that it knows of and that are not done.
  std::size_t num_left() const noexcept { return num_left_; }

 private:
  void say(char byte) noexcept;

  std::size_t num_left_;
  int done_ = -1;  // a pipe: a byte for each piece
  pid_t child_ = -1;
};

}  // namespace zoetrope::compute
