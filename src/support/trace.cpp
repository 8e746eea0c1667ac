// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/trace.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace_recorder.hpp"

namespace zoetrope::trace {

namespace fs = std::filesystem;

namespace {

// The main thread has room of its own, so that threads that read many images take none from it.
constexpr std::size_t kRoomOfMain = std::size_t{16} << 20;
constexpr std::int64_t kRoomOfOthers = std::int64_t{48} << 20;
constexpr std::size_t kRoomAtOnce = std::size_t{64} << 10;
constexpr std::size_t kLongestText = 200;

constexpr const char* kMain = "main";

std::int64_t this_thread() {
  return ::syscall(SYS_gettid);
}

// Threads that are not named, OpenMP's above all, bear the program's name.
std::string kind_of_this_thread() {
  if (this_thread() == ::getpid()) return kMain;
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  const std::string program = std::string(program_invocation_short_name).substr(0, sizeof name - 1);
  return name == program || *name == '\0' ? "worker" : name;
}

// ".name.WRITER.tmp" is what AtomicPath calls a file until it is whole.
std::string without_temporary(const std::string& name) {
  constexpr std::string_view kSuffix = ".tmp";
  if (!name.starts_with('.') || !name.ends_with(kSuffix)) return name;
  const std::string whole = name.substr(1, name.size() - 1 - kSuffix.size());
  return whole.substr(0, whole.rfind('.'));
}

}  // namespace

// A thread's hold on its track.
class ThreadTrack {
 public:
  ThreadTrack() = default;
  ThreadTrack(const ThreadTrack&) = delete;
  ThreadTrack& operator=(const ThreadTrack&) = delete;
  ~ThreadTrack() {
    if (track_ != nullptr) Recorder::instance().give_back(track_);
  }
  Track& get() {
    if (track_ == nullptr) track_ = Recorder::instance().take_track();
    return *track_;
  }
  void rename() {
    if (track_ != nullptr) Recorder::instance().give_back(std::exchange(track_, nullptr));
  }

 private:
  Track* track_ = nullptr;
};

namespace {

thread_local ThreadTrack thread_track;

}  // namespace

// Never destroyed: threads may end after main() has.
Recorder& Recorder::instance() {
  static Recorder& recorder = *new Recorder;
  return recorder;
}

void Recorder::start(std::int64_t since, const fs::path& folder) {
  {
    const std::lock_guard lock(mutex_);
    folder_ = folder;
    stages_ = {{"start", since, 0}};
    foreign_.clear();
    for (const auto& track : tracks_) {
      const std::lock_guard track_lock(track->mutex);
      track->spans.clear();
      track->room = 0;
      track->dropped = 0;
    }
  }
  room_ = kRoomOfOthers;
  Track& main = thread_track.get();
  const std::lock_guard lock(main.mutex);
  main.room = kRoomOfMain;
}

Track* Recorder::take_track() {
  const std::string kind = kind_of_this_thread();
  const std::lock_guard lock(mutex_);
  const auto idle = std::ranges::find(idle_, kind, &Track::kind);
  if (idle != idle_.end()) {
    Track* const track = *idle;
    idle_.erase(idle);
    track->thread = this_thread();
    return track;
  }
  const auto before = std::ranges::count_if(tracks_, [&](const auto& track) { return track->kind == kind; });
  auto track = std::make_unique<Track>();
  track->kind = kind;
  track->name = before == 0 ? kind : kind + " " + std::to_string(before + 1);
  track->thread = this_thread();
  tracks_.push_back(std::move(track));
  return tracks_.back().get();
}

void Recorder::give_back(Track* track) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(track);
}

bool Recorder::has_room(Track& track, std::size_t bytes) {
  while (track.room < bytes) {
    if (room_.fetch_sub(kRoomAtOnce) < static_cast<std::int64_t>(kRoomAtOnce)) {
      room_ += kRoomAtOnce;
      ++track.dropped;
      return false;
    }
    track.room += kRoomAtOnce;
  }
  track.room -= bytes;
  return true;
}

detail::End* Recorder::begin(const char* name, const char* argument, std::int64_t number, std::string text) {
  Track& track = thread_track.get();
  const std::lock_guard lock(track.mutex);
  const std::size_t bytes = sizeof(KeptSpan) + (text.empty() ? 0 : sizeof(std::string) + text.size());
  if (!has_room(track, bytes)) return nullptr;
  return &track.spans.emplace_back(name, argument, number, std::move(text), now()).end;
}

std::string Recorder::shown_name(const fs::path& file) const {
  fs::path within = file.lexically_relative(folder_);
  if (within.empty() || *within.begin() == "..") within = file;
  fs::path shown;
  for (const fs::path& part : within) shown /= without_temporary(part.string());
  const std::string text = shown.string();
  return text.size() <= kLongestText ? text : "..." + text.substr(text.size() - kLongestText);
}

void Recorder::enter_stage(const std::string& stage) {
  const std::string name = stage.substr(0, stage.find(", "));
  const std::lock_guard lock(mutex_);
  if (!stages_.empty() && stages_.back().name == name) return;
  const std::int64_t time = now();
  if (!stages_.empty()) stages_.back().end = time;
  stages_.push_back({name, time, 0});
}

void Recorder::add(std::vector<ForeignTrack> tracks) {
  const std::lock_guard lock(mutex_);
  std::ranges::move(tracks, std::back_inserter(foreign_));
}

std::string Recorder::track_of_thread(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(tracks_, [&](const auto& track) { return track->thread == number; });
  return found == tracks_.end() ? "thread " + std::to_string(number) : (*found)->name;
}

std::vector<ForeignSpan> Recorder::stages() {
  const std::lock_guard lock(mutex_);
  return stages_;
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void start_recording(std::int64_t since, const fs::path& folder) {
  Recorder::instance().start(since, folder);
  detail::is_recording.store(true, std::memory_order_release);
}

void stop_recording() {
  detail::is_recording.store(false, std::memory_order_release);
}

detail::End* detail::begin(const char* name, const char* argument, std::int64_t number) {
  return Recorder::instance().begin(name, argument, number);
}

detail::End* detail::begin(const char* name, const fs::path& file) {
  Recorder& recorder = Recorder::instance();
  return recorder.begin(name, "file", 0, recorder.shown_name(file));
}

void enter_stage(const std::string& stage) {
  if (is_recording()) Recorder::instance().enter_stage(stage);
}

void name_thread(const char* name) {
  ::pthread_setname_np(::pthread_self(), name);
  thread_track.rename();
}

void add_tracks(std::vector<ForeignTrack> tracks) {
  Recorder::instance().add(std::move(tracks));
}

std::string track_of_thread(std::int64_t number) {
  return Recorder::instance().track_of_thread(number);
}

}  // namespace zoetrope::trace
