// SPDX-License-Identifier: Apache-2.0
#include "fake_device.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace zoetrope::compute::fake {

namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return {kType, 0}; }
  c10::Device getDevice() const override { return {kType, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }

  c10::Stream getStream(c10::Device) const override { return stream(current_); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
  c10::Stream exchangeStream(c10::Stream next) const override {
    return stream(std::exchange(current_, next.id()));
  }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool is_high) const override {
    const std::lock_guard lock(mutex_);
    const int next = num_drawn_.at(is_high ? 1 : 0)++ % kStreamsOfPool;
    drawn_.push_back(stream(1 + (is_high ? kStreamsOfPool : 0) + next));
    return drawn_.back();
  }
  std::vector<c10::Stream> take_drawn() const {
    const std::lock_guard lock(mutex_);
    return std::exchange(drawn_, {});
  }

  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {
    if (*event == nullptr) *event = new char;
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override {
    delete static_cast<char*>(event);
  }
  void block(void*, const c10::Stream&) const override {}
  void synchronizeEvent(void*) const override {}

 private:
  static c10::Stream stream(c10::StreamId id) { return c10::Stream(c10::Stream::UNSAFE, {kType, 0}, id); }

  static thread_local c10::StreamId current_;
  mutable std::mutex mutex_;
  mutable std::array<int, 2> num_drawn_{};
  mutable std::vector<c10::Stream> drawn_;
};

thread_local c10::StreamId Guard::current_ = 0;

const Guard& guard() {
  static const Guard& only = *[] {
    auto* made = new Guard;
    c10::impl::device_guard_impl_registry.at(static_cast<std::size_t>(kType)) = made;
    return made;
  }();
  return only;
}

}  // namespace

at::Device device() {
  return {guard().type(), 0};
}

bool is_of_high_priority(const c10::Stream& stream) {
  return stream.id() > kStreamsOfPool;
}

std::vector<c10::Stream> take_drawn() {
  return guard().take_drawn();
}

}  // namespace zoetrope::compute::fake
