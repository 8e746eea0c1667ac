// SPDX-License-Identifier: Apache-2.0
#include "aside.hpp"

#include <chrono>

#include <ATen/Parallel.h>

namespace zoetrope::analysis {

Aside::Aside(const std::function<void()>& work) : threads_(at::get_num_threads()) {
  if (threads_ == 1) {
    work();
    return;
  }
  done_ = std::async(std::launch::async, work);
  at::set_num_threads(threads_ - 1);
}

Aside::~Aside() {
  if (!done_.valid()) return;
  done_.wait();
  at::set_num_threads(threads_);
}

void Aside::look() {
  if (done_.valid() && done_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) wait();
}

void Aside::wait() {
  if (!done_.valid()) return;
  done_.wait();
  at::set_num_threads(threads_);
  done_.get();
}

}  // namespace zoetrope::analysis
