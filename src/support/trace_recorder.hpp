// SPDX-License-Identifier: Apache-2.0
// Where spans are kept (zoetrope/support/trace.hpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::trace {

struct KeptSpan {
  KeptSpan(const char* its_name, const char* its_argument, std::int64_t its_number, std::string its_text,
           std::int64_t its_begin)
      : name(its_name),
        argument(its_argument),
        number(its_number),
        text(its_text.empty() ? nullptr : std::make_unique<const std::string>(std::move(its_text))),
        begin(its_begin) {}

  const char* name;
  const char* argument;  // null: none
  std::int64_t number;
  std::unique_ptr<const std::string> text;  // in place of the number
  std::int64_t begin;
  detail::End end{0};  // 0: goes on
};

// What one thread records. A thread that ends leaves its track to the next of its name, so that a thread for
// each frame does not become a track for each.
struct Track {
  std::string name;
  std::string kind;         // the name without its number
  std::int64_t thread = 0;  // the system's number of the thread, or of the last one
  std::mutex mutex;         // of what follows
  std::deque<KeptSpan> spans;
  std::size_t room = 0;  // bytes that it may still take
  std::int64_t dropped = 0;
};

class Recorder {
 public:
  static Recorder& instance();

  void start(std::int64_t since, const std::filesystem::path& folder);
  detail::End* begin(const char* name, const char* argument, std::int64_t number, std::string text = {});
  std::string shown_name(const std::filesystem::path& file) const;
  void enter_stage(const std::string& stage);
  void add(std::vector<ForeignTrack> tracks);
  std::string track_of_thread(std::int64_t number);

  // Calls visit(track) for each that threads have recorded, the main thread's first. Their spans may only be
  // read with the track's mutex.
  template <typename Visit>
  void visit_tracks(const Visit& visit) {
    const std::lock_guard lock(mutex_);
    for (const auto& track : tracks_) visit(*track);
  }
  template <typename Visit>
  void visit_foreign_tracks(const Visit& visit) {
    const std::lock_guard lock(mutex_);
    for (const ForeignTrack& track : foreign_) visit(track);
  }
  std::vector<ForeignSpan> stages();

 private:
  friend class ThreadTrack;
  Track* take_track();
  void give_back(Track* track);
  bool has_room(Track& track, std::size_t bytes);

  std::mutex mutex_;
  std::vector<std::unique_ptr<Track>> tracks_;
  std::vector<Track*> idle_;
  std::vector<ForeignTrack> foreign_;
  std::vector<ForeignSpan> stages_;  // the last one goes on
  std::filesystem::path folder_;
  std::atomic<std::int64_t> room_{0};  // bytes that no track has taken yet
};

}  // namespace zoetrope::trace
