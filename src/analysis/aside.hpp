// SPDX-License-Identifier: Apache-2.0
// Work that only one thread can do, beside other work.
#pragma once

#include <functional>
#include <future>

namespace zoetrope::analysis {

// Does `work`, which keeps to one thread (OneThread), on a thread of its own. Until the maker of this takes
// note that it is done, there is one thread less for the maker's compute::for_each_task(); where there is but
// one, the work is done at once.
class Aside {
 public:
  explicit Aside(const std::function<void()>& work);
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  // Takes the thread back if the work is done; throws what the work has thrown.
  void look();
  // Waits for it.
  void wait();

 private:
  int threads_;
  std::future<void> done_;
};

}  // namespace zoetrope::analysis
