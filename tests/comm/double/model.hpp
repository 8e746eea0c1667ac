// SPDX-License-Identifier: Apache-2.0
// Streams, events and what is in flight between them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <cuda_runtime_api.h>
#include <nccl.h>

namespace zoetrope::comm::nccl_double {

struct Capture;

// How far each stream has come, as far as the owner of the clock is ordered after it (a vector clock).
using Clock = std::map<const CUstream_st*, std::int64_t>;
void join(Clock& clock, const Clock& other);
std::int64_t time_of(const Clock& clock, const CUstream_st* stream);

// Becomes true once, from another thread.
class Flag {
 public:
  void raise();
  bool is_raised() const;
  void wait() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable raised_;
  bool value_ = false;
};

// Memory that a collective reads or will write.
struct Buffer {
  char* data = nullptr;
  std::size_t bytes = 0;
  bool overlaps(const Buffer& other) const {
    return bytes > 0 && other.bytes > 0 && data < other.data + other.bytes && other.data < data + bytes;
  }
};

// A collective from its call until the host stream is ordered after it.
struct InFlight {
  std::string name;
  Buffer sent;
  Buffer received;           // holds poison meanwhile; may be `sent` itself
  std::vector<char> input;   // what was sent, at the time of the call
  std::vector<char> output;  // what is to be received, once executed
  const CUstream_st* stream = nullptr;
  std::int64_t time = 0;  // of its stream
  const ncclComm* comm = nullptr;
  bool has_result = false;  // false when it failed or was aborted: nothing is delivered then

  static std::shared_ptr<InFlight> now(const std::string& name, Buffer sent, Buffer received);
  void write_result() const;
};

class Model {
 public:
  // One per process, as the doubled C interfaces have no object to hang it on.
  static Model& instance();

  void violation(const std::string& text);
  std::vector<std::string> take_violations();

  // Queues a collective's operation on its stream; poisons what it will receive. Checks the order of streams
  // and buffers.
  std::shared_ptr<InFlight> begin(const std::string& name, Buffer sent, Buffer received, CUstream_st* stream,
                                  const ncclComm* comm);
  // The communicator was aborted: nothing of it is in flight, and its buffers may be gone.
  void drop(const ncclComm* comm);
  // The host thread may have done anything since: the streams know nothing of it until an event tells.
  void host_goes_on();
  // The host stream is now ordered after `clock`: delivers what is in flight up to there.
  void deliver(const Clock& clock);
  // A capture of these streams has ended: nothing of it is in flight, and nothing that comes later is
  // ordered.
  void end_capture(const std::vector<CUstream_st*>& streams);

  void count(const std::string& kind, int change);
  std::string live_objects() const;

  std::mutex& mutex() { return mutex_; }
  CUstream_st* host_stream() { return host_.get(); }
  // Objects stay allocated after their end, so that a use of one is found out instead of being undefined.
  CUstream_st* keep(std::unique_ptr<CUstream_st> stream);
  CUevent_st* keep(std::unique_ptr<CUevent_st> event);

 private:
  Model();
  ~Model();
  void deliver_one(const InFlight& operation);

  mutable std::mutex mutex_;
  std::vector<std::string> violations_;
  std::list<std::shared_ptr<InFlight>> in_flight_;
  std::map<std::string, int> live_;
  std::unique_ptr<CUstream_st> host_;
  std::vector<std::unique_ptr<CUstream_st>> streams_;
  std::vector<std::unique_ptr<CUevent_st>> events_;
};

}  // namespace zoetrope::comm::nccl_double

// CUDA's own opaque types, given a body here.
struct CUstream_st {
  using Task = std::function<void()>;

  ~CUstream_st();
  // Runs `task` after all that was queued before, in a thread of the stream; the host stream runs it at once.
  void queue(Task task);
  void finish();  // runs what is queued, then ends the thread

  bool is_host = false;
  bool is_destroyed = false;
  zoetrope::comm::nccl_double::Clock knows;
  std::int64_t time = 0;          // operations queued so far
  std::atomic<int> unsettled{0};  // communicators with calls on it that are in progress
  std::shared_ptr<zoetrope::comm::nccl_double::Capture> capture;  // that it is part of
  std::int64_t last_captured = 0;                                 // time of its last captured collective

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

struct CUevent_st {
  bool is_destroyed = false;
  zoetrope::comm::nccl_double::Clock knows;                         // what is ordered before it
  std::shared_ptr<zoetrope::comm::nccl_double::Flag> has_happened;  // null until recorded
  std::shared_ptr<zoetrope::comm::nccl_double::Capture> capture;    // that it was recorded in
};
