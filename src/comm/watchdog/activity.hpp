// SPDX-License-Identifier: Apache-2.0
// What this rank waits for. Every collective says here that it begins and ends; the watchdog reads it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/support/trace.hpp"

namespace zoetrope::comm {

// Texts of a report are cut to fit.
template <std::size_t N>
void copy_text(std::string_view text, std::array<char, N>& to) {
  to.fill('\0');
  std::copy_n(text.begin(), std::min(text.size(), N - 1), to.begin());
}

// One ordered sequence of collectives, as told to the other ranks. Trivially copyable: it travels as it is.
struct ChannelReport {
  std::uint64_t id = 0;              // the same on all ranks of the group
  std::int64_t sequence = 0;         // collectives begun so far
  std::int64_t elements = 0;         // of the last one begun
  double waited_s = -1.0;            // in the last one begun; negative when it has ended
  std::array<char, 24> label{};      // "", "/1", "/1 async"
  std::array<char, 20> operation{};  // "all_reduce"
  std::array<char, 12> dtype{};      // "float32"
};

// All that one rank tells of itself.
struct RankReport {
  static constexpr int kMaxChannels =
      8;  // more groups at a time than any job has; kept below MPI's eager limit
  std::int32_t rank = 0;
  std::int32_t channel_count = 0;
  std::int32_t signal = 0;  // that asks the job to stop; 0: none has come
  double idle_s = 0.0;      // since it last got something done or began or ended a collective
  std::array<char, 96> stage{};
  std::array<ChannelReport, kMaxChannels> channels{};
};

class Activity {
 public:
  class Channel;

  // A sequence of collectives, as the watchdog's thread asks for it. Registered between add() and remove().
  class Source {
   public:
    virtual ~Source() = default;
    virtual ChannelReport report(double now_s) = 0;
    // What has failed on its own (a broken link, say): reason enough to end the job.
    virtual std::optional<std::string> failure() { return std::nullopt; }
    // Gives up what is under way, since the job ends. May block; it is given little time.
    virtual void abandon() {}
  };
  void add(Source* source);
  void remove(Source* source);

  // Called from the watchdog's thread. Waiting is counted on this clock, so that time in which the whole
  // process was stopped (a suspended job, a laptop asleep) is no waiting.
  void advance(std::chrono::nanoseconds awake) { awake_ns_ += awake.count(); }
  double now_s() const { return static_cast<double>(awake_ns_.load()) * 1e-9; }

  void set_stage(const std::string& stage);
  // A collective has begun or ended.
  void note_move() { ++moves_; }
  // Called from the watchdog's thread.
  RankReport report(int rank);
  std::optional<std::string> failure() const;  // the first source's that has one
  void abandon();

  // See World::set_last_words(). They are said once.
  void set_last_words(std::function<void(const std::string& reason)> words);
  void say_last_words(const std::string& reason);

 private:
  double idle_s();

  mutable std::mutex mutex_;
  std::string stage_ = "start";
  std::vector<Source*> sources_;
  std::atomic<std::int64_t> awake_ns_{0};
  std::atomic<std::int64_t> moves_{0};
  std::int64_t moves_seen_ = 0;  // with support::progress_marks()
  double moved_at_s_ = 0.0;
  std::mutex last_words_mutex_;
  std::function<void(const std::string&)> last_words_;
};

// A group's sequence of collectives on this rank. Used by one thread at a time.
class Activity::Channel final : public Activity::Source {
 public:
  Channel(std::shared_ptr<Activity> watch, std::uint64_t id, const std::string& label);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Lives as long as one collective does.
  class Waiting {
   public:
    Waiting(Channel& channel, const char* operation, std::int64_t elements = 0, const char* dtype = "");
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Channel& channel_;
    const trace::Span span_;
  };

  std::uint64_t id() const { return id_; }
  const std::string& label() const { return label_; }
  const std::shared_ptr<Activity>& watch() const { return watch_; }

  ChannelReport report(double now_s) override;

 private:
  std::shared_ptr<Activity> watch_;
  const std::uint64_t id_;
  const std::string label_;
  std::mutex mutex_;
  std::int64_t sequence_ = 0;
  std::int64_t elements_ = 0;
  const char* operation_ = "";
  const char* dtype_ = "";
  bool waiting_ = false;
  double since_s_ = 0.0;
};

// The id of a group made by the `ordinal`-th split of group `parent`: equal on its ranks, unequal elsewhere.
std::uint64_t child_id(std::uint64_t parent, std::uint64_t ordinal, std::uint64_t color);

}  // namespace zoetrope::comm
