// SPDX-License-Identifier: Apache-2.0
// Objects that are costly to make and that one thread at a time may use.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace zoetrope::support {

template <typename T>
class Pool {
 public:
  // What use(object) returns, for an idle object or, where there is none, for what make() returns. From any
  // thread. An object whose use throws is not used again.
  template <typename Make, typename Use>
  auto with(const Make& make, const Use& use) {
    std::unique_ptr<T> object = take();
    if (!object) object = make();
    auto result = use(*object);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(object));
    return result;
  }

 private:
  std::unique_ptr<T> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<T> object = std::move(idle_.back());
    idle_.pop_back();
    return object;
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace zoetrope::support
