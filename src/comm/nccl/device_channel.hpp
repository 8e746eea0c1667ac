// SPDX-License-Identifier: Apache-2.0
// What the device waits for: collectives that were queued on the communication stream, followed by their
// events. One that is queued behind a long computation is not waiting; it waits from the moment its kernel
// may run.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "nccl/cuda_handle.hpp"
#include "nccl/nccl_handle.hpp"
#include "watchdog/activity.hpp"

namespace zoetrope::comm {

class DeviceChannel final : public Activity::Source {
 public:
  DeviceChannel(std::shared_ptr<Activity> watch, NcclHandle& handle, int ordinal, std::uint64_t id,
                std::string label);
  ~DeviceChannel() override;
  DeviceChannel(const DeviceChannel&) = delete;
  DeviceChannel& operator=(const DeviceChannel&) = delete;

  // A collective has been queued between the events `start` and `done`.
  void queued(const char* operation, std::int64_t elements, const char* dtype, Event start, Event done);

  ChannelReport report(double now_s) override;
  std::optional<std::string> failure() override;
  void abandon() override { handle_.abort(); }

 private:
  struct Collective {
    const char* operation = "";
    std::int64_t elements = 0;
    const char* dtype = "";
    Event start;
    Event done;
  };
  void follow(double now_s);
  bool has_happened(const Event& event);

  std::shared_ptr<Activity> watch_;
  NcclHandle& handle_;
  const int ordinal_;
  const std::uint64_t id_;
  const std::string label_;

  std::mutex mutex_;
  std::deque<Collective> queued_;  // not done yet, oldest first
  Collective last_;                // the last that has started
  std::int64_t sequence_ = 0;      // of last_
  bool running_ = false;           // last_ is queued_.front() and has not ended
  double since_s_ = 0.0;
  std::optional<std::string> device_error_;  // all that follows on the device fails alike
};

}  // namespace zoetrope::comm
