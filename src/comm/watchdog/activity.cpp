// SPDX-License-Identifier: Apache-2.0
#include "watchdog/activity.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress_marks.hpp"

namespace zoetrope::comm {

namespace {

// Of "float32" 4: a name ends in its bits.
std::int64_t item_bytes(std::string_view dtype) {
  const std::size_t digits = dtype.find_first_of("0123456789");
  std::int64_t bits = 0;
  if (digits != std::string_view::npos)
    std::from_chars(dtype.data() + digits, dtype.data() + dtype.size(), bits);
  return bits / 8;
}

}  // namespace

void Activity::add(Source* source) {
  const std::lock_guard lock(mutex_);
  sources_.push_back(source);
}

void Activity::remove(Source* source) {
  const std::lock_guard lock(mutex_);
  std::erase(sources_, source);
}

void Activity::set_stage(const std::string& stage) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  note_move();
}

double Activity::idle_s() {
  const std::int64_t moves = moves_ + support::progress_marks();
  if (moves != moves_seen_) moved_at_s_ = now_s();
  moves_seen_ = moves;
  return now_s() - moved_at_s_;
}

RankReport Activity::report(int rank) {
  const std::lock_guard lock(mutex_);
  std::vector<ChannelReport> all;
  all.reserve(sources_.size());
  for (Source* source : sources_) all.push_back(source->report(now_s()));
  // Where there are too many: those that wait, longest first.
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.waited_s > b.waited_s; });

  RankReport report;
  report.rank = rank;
  report.signal = support::received_signal();
  report.idle_s = idle_s();
  report.channel_count =
      static_cast<std::int32_t>(std::min<std::size_t>(all.size(), RankReport::kMaxChannels));
  copy_text(stage_, report.stage);
  std::copy_n(all.begin(), report.channel_count, report.channels.begin());
  return report;
}

std::optional<std::string> Activity::failure() const {
  const std::lock_guard lock(mutex_);
  for (Source* source : sources_) {
    if (auto reason = source->failure()) return reason;
  }
  return std::nullopt;
}

void Activity::abandon() {
  const std::lock_guard lock(mutex_);
  for (Source* source : sources_) source->abandon();
}

void Activity::set_last_words(std::function<void(const std::string&)> words) {
  const std::lock_guard lock(last_words_mutex_);
  last_words_ = std::move(words);
}

void Activity::say_last_words(const std::string& reason) {
  const std::lock_guard lock(last_words_mutex_);
  if (const auto words = std::exchange(last_words_, nullptr)) words(reason);
}

Activity::Channel::Channel(std::shared_ptr<Activity> watch, std::uint64_t id, const std::string& label)
    : watch_(std::move(watch)), id_(id), label_(label) {
  watch_->add(this);
}

Activity::Channel::~Channel() {
  watch_->remove(this);
}

ChannelReport Activity::Channel::report(double now_s) {
  const std::lock_guard lock(mutex_);
  ChannelReport report;
  report.id = id_;
  report.sequence = sequence_;
  report.elements = elements_;
  report.waited_s = waiting_ ? now_s - since_s_ : -1.0;
  copy_text(label_, report.label);
  copy_text(operation_, report.operation);
  copy_text(dtype_, report.dtype);
  return report;
}

Activity::Channel::Waiting::Waiting(Channel& channel, const char* operation, std::int64_t elements,
                                    const char* dtype)
    : channel_(channel), span_(operation, "bytes", elements * item_bytes(dtype)) {
  const std::lock_guard lock(channel_.mutex_);
  ++channel_.sequence_;
  channel_.operation_ = operation;
  channel_.elements_ = elements;
  channel_.dtype_ = dtype;
  channel_.since_s_ = channel_.watch_->now_s();
  channel_.waiting_ = true;
  channel_.watch_->note_move();
}

Activity::Channel::Waiting::~Waiting() {
  const std::lock_guard lock(channel_.mutex_);
  channel_.waiting_ = false;
  channel_.watch_->note_move();
}

std::uint64_t child_id(std::uint64_t parent, std::uint64_t ordinal, std::uint64_t color) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a over the three words
  for (const std::uint64_t word : {parent, ordinal, color}) {
    for (int shift = 0; shift < 64; shift += 8) hash = (hash ^ ((word >> shift) & 0xff)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace zoetrope::comm
