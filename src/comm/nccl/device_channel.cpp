// SPDX-License-Identifier: Apache-2.0
#include "nccl/device_channel.hpp"

#include <utility>

namespace zoetrope::comm {
namespace {

// Lets this thread ask for events while another one captures a CUDA graph; CUDA would otherwise call the
// capture unsafe and end it.
class CaptureGuard {
 public:
  CaptureGuard() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  ~CaptureGuard() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  CaptureGuard(const CaptureGuard&) = delete;
  CaptureGuard& operator=(const CaptureGuard&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

}  // namespace

DeviceChannel::DeviceChannel(std::shared_ptr<Activity> watch, NcclHandle& handle, int ordinal,
                             std::uint64_t id, std::string label)
    : watch_(std::move(watch)), handle_(handle), ordinal_(ordinal), id_(id), label_(std::move(label)) {
  watch_->add(this);
}

DeviceChannel::~DeviceChannel() {
  watch_->remove(this);
}

void DeviceChannel::queued(const char* operation, std::int64_t elements, const char* dtype, Event start,
                           Event done) {
  const std::lock_guard lock(mutex_);
  queued_.push_back({operation, elements, dtype, std::move(start), std::move(done)});
}

ChannelReport DeviceChannel::report(double now_s) {
  const std::lock_guard lock(mutex_);
  follow(now_s);
  ChannelReport report;
  report.id = id_;
  report.sequence = sequence_;
  report.elements = last_.elements;
  report.waited_s = running_ ? now_s - since_s_ : -1.0;
  copy_text(label_, report.label);
  copy_text(last_.operation, report.operation);
  copy_text(last_.dtype, report.dtype);
  return report;
}

std::optional<std::string> DeviceChannel::failure() {
  {
    const std::lock_guard lock(mutex_);
    if (device_error_) return device_error_;
  }
  return handle_.async_error();
}

// An error of the device that is read as "not yet" would be reported as a hang, and much later.
bool DeviceChannel::has_happened(const Event& event) {
  const cudaError_t state = cudaEventQuery(event.get());
  if (state != cudaSuccess && state != cudaErrorNotReady && !device_error_) {
    device_error_ = std::string("CUDA: ") + cudaGetErrorName(state) + ": " + cudaGetErrorString(state) +
                    ", in " + queued_.front().operation + (label_.empty() ? "" : " in group " + label_);
  }
  return state == cudaSuccess;
}

void DeviceChannel::follow(double now_s) {
  if (queued_.empty()) return;
  const CaptureGuard guard;
  cudaSetDevice(ordinal_);
  while (!queued_.empty()) {
    if (!running_) {
      if (!has_happened(queued_.front().start)) return;
      last_ = queued_.front();
      ++sequence_;
      since_s_ = now_s;
      running_ = true;
    }
    if (!has_happened(last_.done)) return;
    running_ = false;
    last_.start.reset();
    last_.done.reset();
    queued_.pop_front();
  }
}

}  // namespace zoetrope::comm
