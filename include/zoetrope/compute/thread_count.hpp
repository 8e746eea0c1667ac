// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace zoetrope::compute {

// While it lives, what this thread deals out goes to `count` threads, itself among them. Unlike
// at::set_num_threads() it leaves alone how many other threads deal to, those that begin meanwhile among
// them.
class ThreadCount {
 public:
  explicit ThreadCount(int count);
  ~ThreadCount();
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_, products_before_ = 0;
};

}  // namespace zoetrope::compute
