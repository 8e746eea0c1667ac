// SPDX-License-Identifier: Apache-2.0
#include "model.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture.hpp"

namespace zoetrope::comm::nccl_double {
namespace {

constexpr int kPoison = 0xFF;  // NaN in every floating type

bool is_poison(const Buffer& buffer) {
  return std::all_of(buffer.data, buffer.data + buffer.bytes,
                     [](char c) { return c == static_cast<char>(kPoison); });
}

}  // namespace

void join(Clock& clock, const Clock& other) {
  for (const auto& [stream, time] : other) clock[stream] = std::max(time_of(clock, stream), time);
}

std::int64_t time_of(const Clock& clock, const CUstream_st* stream) {
  const auto found = clock.find(stream);
  return found == clock.end() ? 0 : found->second;
}

std::shared_ptr<InFlight> InFlight::now(const std::string& name, Buffer sent, Buffer received) {
  auto operation = std::make_shared<InFlight>();
  operation->name = name;
  operation->sent = sent;
  operation->received = received;
  operation->input.assign(sent.data, sent.data + sent.bytes);
  return operation;
}

void InFlight::write_result() const {
  if (has_result) std::copy(output.begin(), output.end(), received.data);
}

void Flag::raise() {
  {
    const std::lock_guard lock(mutex_);
    value_ = true;
  }
  raised_.notify_all();
}

bool Flag::is_raised() const {
  const std::lock_guard lock(mutex_);
  return value_;
}

void Flag::wait() const {
  std::unique_lock lock(mutex_);
  raised_.wait(lock, [this] { return value_; });
}

Model& Model::instance() {
  static Model model;
  return model;
}

Model::Model() : host_(std::make_unique<CUstream_st>()) {
  host_->is_host = true;
}
Model::~Model() = default;

void Model::violation(const std::string& text) {
  const std::lock_guard lock(mutex_);
  violations_.push_back(text);
}

std::vector<std::string> Model::take_violations() {
  const std::lock_guard lock(mutex_);
  return std::exchange(violations_, {});
}

std::shared_ptr<InFlight> Model::begin(const std::string& name, Buffer sent, Buffer received,
                                       CUstream_st* stream, const ncclComm* comm) {
  const std::lock_guard lock(mutex_);
  if (stream->is_destroyed) violations_.push_back(name + " on a stream that was destroyed");
  if (stream->is_host) violations_.push_back(name + " on the caller's own stream");
  if (time_of(stream->knows, host_.get()) < host_->time) {
    violations_.push_back(name + " on a stream that is not ordered after the caller's stream");
  }
  for (const auto& other : in_flight_) {
    if (received.overlaps(other->received) || received.overlaps(other->sent) ||
        sent.overlaps(other->received)) {
      violations_.push_back(name + " uses a buffer of " + other->name + ", which is still in flight");
    }
  }
  auto operation = InFlight::now(name, sent, received);
  operation->stream = stream;
  operation->comm = comm;
  operation->time = ++stream->time;
  stream->knows[stream] = stream->time;
  if (stream->capture) {
    stream->last_captured = stream->time;  // nothing runs yet
  } else if (capture_of_this_thread() != nullptr) {
    violations_.push_back(name + " on a stream that did not join the capture under way");
  }
  if (!stream->capture && received.bytes != 0) std::memset(received.data, kPoison, received.bytes);
  in_flight_.push_back(operation);
  return operation;
}

void Model::drop(const ncclComm* comm) {
  const std::lock_guard lock(mutex_);
  in_flight_.remove_if([&](const auto& operation) { return operation->comm == comm; });
}

void Model::host_goes_on() {
  const std::lock_guard lock(mutex_);
  host_->knows[host_.get()] = ++host_->time;
}

void Model::end_capture(const std::vector<CUstream_st*>& streams) {
  {
    const std::lock_guard lock(mutex_);
    in_flight_.remove_if([&](const auto& operation) {
      const auto stream = std::ranges::find(streams, operation->stream);
      return stream != streams.end() && operation->time <= (*stream)->last_captured && !operation->has_result;
    });
  }
  host_goes_on();
}

void Model::deliver(const Clock& clock) {
  const std::lock_guard lock(mutex_);
  join(host_->knows, clock);
  for (auto it = in_flight_.begin(); it != in_flight_.end();) {
    if ((*it)->time > time_of(host_->knows, (*it)->stream)) {
      ++it;
      continue;
    }
    deliver_one(**it);
    it = in_flight_.erase(it);
  }
}

void Model::deliver_one(const InFlight& operation) {
  if (!operation.has_result) return;
  const bool in_place = operation.sent.overlaps(operation.received);
  if (!in_place && operation.sent.bytes != 0 &&
      std::memcmp(operation.sent.data, operation.input.data(), operation.sent.bytes) != 0) {
    violations_.push_back("what " + operation.name + " sends was written to while in flight");
  }
  if (!is_poison(operation.received)) {
    violations_.push_back("what " + operation.name + " receives was written to while in flight");
  }
  operation.write_result();
}

void Model::count(const std::string& kind, int change) {
  const std::lock_guard lock(mutex_);
  live_[kind] += change;
}

std::string Model::live_objects() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [kind, number] : live_) {
    if (number == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(number) + " " + kind + (number == 1 ? "" : "s");
  }
  return text;
}

CUstream_st* Model::keep(std::unique_ptr<CUstream_st> stream) {
  const std::lock_guard lock(mutex_);
  return streams_.emplace_back(std::move(stream)).get();
}

CUevent_st* Model::keep(std::unique_ptr<CUevent_st> event) {
  const std::lock_guard lock(mutex_);
  return events_.emplace_back(std::move(event)).get();
}

}  // namespace zoetrope::comm::nccl_double

CUstream_st::~CUstream_st() {
  finish();
}

void CUstream_st::queue(Task task) {
  if (is_host) return task();
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
}

void CUstream_st::finish() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  ending_ = false;
}

void CUstream_st::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}
