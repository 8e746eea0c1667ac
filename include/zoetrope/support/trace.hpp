// SPDX-License-Identifier: Apache-2.0
// What this process does when: spans of time with a name, from which --trace makes a timeline. Until
// start_recording() a span costs one branch; from then on a tenth of a microsecond.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zoetrope::trace {

// The clock of all spans, in nanoseconds: std::chrono::steady_clock.
std::int64_t now();

// From now on spans are kept, in 64 MiB at most; those that find no room are counted. The calling thread is
// shown as "main". Files are named relative to `folder`. `since` is when the job began. What an earlier call
// has kept is gone; no span of then may go on.
void start_recording(std::int64_t since, const std::filesystem::path& folder);
// Spans that begin afterwards are not kept. What is kept stays.
void stop_recording();

namespace detail {

inline std::atomic<bool> is_recording{false};

using End = std::atomic<std::int64_t>;
// Where the span's end is to be stored; null where there is no room for the span.
End* begin(const char* name, const char* argument, std::int64_t number);
End* begin(const char* name, const std::filesystem::path& file);

}  // namespace detail

inline bool is_recording() {
  return detail::is_recording.load(std::memory_order_acquire);
}

// From its construction to its end, on this thread. Names are literals: they are kept as pointers.
class Span {
 public:
  explicit Span(const char* name) : Span(name, nullptr, 0) {}
  // With a number that says how much: Span("all_reduce", "bytes", 4096).
  Span(const char* name, const char* argument, std::int64_t number) {
    if (is_recording()) [[unlikely]]
      end_ = detail::begin(name, argument, number);
  }
  // Of a file, whose temporary name is shown as the name that it will have.
  Span(const char* name, const std::filesystem::path& file) {
    if (is_recording()) [[unlikely]]
      end_ = detail::begin(name, file);
  }
  ~Span() {
    if (end_ != nullptr) [[unlikely]]
      end_->store(now(), std::memory_order_release);
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  detail::End* end_ = nullptr;
};

// The stage that the job has come to, until the next one; on a track of its own. What follows ", " in it is
// how far it has come, and begins no new stage.
void enter_stage(const std::string& stage);

// Names this thread in the timeline and in debuggers; at most 15 characters.
void name_thread(const char* name);

// What others have recorded, on this clock: libtorch's profiler.
struct ForeignSpan {
  std::string name;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
struct ForeignTrack {
  std::string name;
  std::vector<ForeignSpan> spans;
};
void add_tracks(std::vector<ForeignTrack> tracks);
// The name of the track of the thread that the system knows by this number, or "thread <number>".
std::string track_of_thread(std::int64_t number);

}  // namespace zoetrope::trace
