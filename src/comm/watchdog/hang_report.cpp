// SPDX-License-Identifier: Apache-2.0
#include "watchdog/hang_report.hpp"

#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "zoetrope/support/text.hpp"

namespace zoetrope::comm {
namespace {

constexpr double kSilent = 2.0;  // seconds without a heartbeat that are worth telling; several periods

std::string seconds(double s) {
  return std::to_string(std::lround(s)) + " s";
}

std::string name_of(const ChannelReport& channel) {
  std::string name = std::string(channel.operation.data());
  if (channel.dtype[0] != '\0') {
    name += " of " + support::format_count(channel.elements) + " " + channel.dtype.data();
  }
  if (channel.label[0] != '\0') name += " in group " + std::string(channel.label.data());
  return name + ", #" + std::to_string(channel.sequence);
}

const ChannelReport* find_channel(const RankReport& report, std::uint64_t id) {
  for (int i = 0; i < report.channel_count; ++i) {
    if (report.channels[static_cast<std::size_t>(i)].id == id)
      return &report.channels[static_cast<std::size_t>(i)];
  }
  return nullptr;
}

// The longest wait of all, or null.
const ChannelReport* longest_wait(const std::vector<RankView>& ranks, const RankView** who) {
  const ChannelReport* longest = nullptr;
  for (const RankView& view : ranks) {
    for (int i = 0; i < view.report.channel_count; ++i) {
      const ChannelReport& channel = view.report.channels[static_cast<std::size_t>(i)];
      if (channel.waited_s < 0 || (longest != nullptr && channel.waited_s <= longest->waited_s)) continue;
      longest = &channel;
      *who = &view;
    }
  }
  return longest;
}

bool has_reached(const ChannelReport& mine, const ChannelReport& awaited) {
  if (mine.sequence != awaited.sequence) return mine.sequence > awaited.sequence;
  return std::strcmp(mine.operation.data(), awaited.operation.data()) == 0;
}

bool may_differ_in_elements(const ChannelReport& channel) {
  return std::string(channel.operation.data()).find("gather") != std::string::npos;
}

bool is_same_call(const ChannelReport& a, const ChannelReport& b) {
  if (a.operation != b.operation || a.dtype != b.dtype) return false;
  return a.elements == b.elements || may_differ_in_elements(a);
}

// Whether this rank has got to the collective; one that is not of its group counts as if it had.
bool is_there(const RankView& view, const ChannelReport& awaited) {
  const ChannelReport* mine = find_channel(view.report, awaited.id);
  return mine == nullptr || has_reached(*mine, awaited);
}

bool is_missing(const RankView& view, const ChannelReport& awaited) {
  return view.silent_s >= kSilent || !is_there(view, awaited);
}

// Nobody can end this wait: see find_stuck.
bool is_in_vain(const std::vector<RankView>& ranks, const ChannelReport& awaited, double timeout_s) {
  bool some_missing = false, some_missing_idle = false, all_idle = true;
  for (const RankView& view : ranks) {
    if (find_channel(view.report, awaited.id) == nullptr && view.silent_s < kSilent) continue;
    const bool idle = view.report.idle_s + view.silent_s > timeout_s;
    const bool missing = is_missing(view, awaited);
    some_missing |= missing;
    some_missing_idle |= missing && idle;
    all_idle &= idle;
  }
  return some_missing ? some_missing_idle : all_idle;
}

std::string missing_ranks(const std::vector<RankView>& ranks, const ChannelReport& awaited) {
  std::string text;
  for (const RankView& view : ranks) {
    if (!is_missing(view, awaited)) continue;
    const ChannelReport* mine = find_channel(view.report, awaited.id);
    if (!text.empty()) text += "; ";
    if (is_there(view, awaited)) text += "silent: ";
    text += "rank " + std::to_string(view.report.rank) + " (" + view.host + ") in stage \"" +
            view.report.stage.data() + "\"";
    if (mine != nullptr)
      text += mine->sequence == 0 ? ", in no collective yet" : ", last in " + name_of(*mine);
    text += ", last heard of " + seconds(view.silent_s) + " ago";
  }
  return text;
}

}  // namespace

std::optional<std::string> find_stuck(const std::vector<RankView>& ranks, double timeout_s) {
  const RankView* who = nullptr;
  const ChannelReport* awaited = longest_wait(ranks, &who);
  if (awaited == nullptr || awaited->waited_s <= timeout_s || !is_in_vain(ranks, *awaited, timeout_s))
    return std::nullopt;
  std::string missing = missing_ranks(ranks, *awaited);
  if (missing.empty()) missing = "none: all ranks are in it and none makes progress; look at the network";
  return "rank " + std::to_string(who->report.rank) + " (" + who->host + ") has waited " +
         seconds(awaited->waited_s) + " in a collective (" + name_of(*awaited) + ") in stage \"" +
         who->report.stage.data() + "\"; ranks that have not reached it: " + missing;
}

std::optional<std::string> find_mismatch(const std::vector<RankView>& ranks) {
  std::map<std::pair<std::uint64_t, std::int64_t>, const RankView*> first;  // by group and number of the call
  for (const RankView& view : ranks) {
    for (int i = 0; i < view.report.channel_count; ++i) {
      const ChannelReport& channel = view.report.channels[static_cast<std::size_t>(i)];
      const RankView* other = first.try_emplace({channel.id, channel.sequence}, &view).first->second;
      const ChannelReport& theirs = *find_channel(other->report, channel.id);
      if (is_same_call(channel, theirs)) continue;
      return "rank " + std::to_string(other->report.rank) + " (" + other->host + ") calls " +
             name_of(theirs) + " in stage \"" + other->report.stage.data() + "\" where rank " +
             std::to_string(view.report.rank) + " (" + view.host + ") calls " + name_of(channel) +
             " in stage \"" + view.report.stage.data() + "\"";
    }
  }
  return std::nullopt;
}

}  // namespace zoetrope::comm
