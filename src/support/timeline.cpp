// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"

#include "trace_recorder.hpp"

namespace zoetrope::trace {

namespace {

std::string json_text(std::string_view text) {
  constexpr auto kReplace = support::Json::error_handler_t::replace;
  return support::Json(text).dump(-1, ' ', false, kReplace);
}

// Events of one process, each on a track of it.
class EventWriter {
 public:
  explicit EventWriter(const Process& process) : process_(process) {
    name("process_name", 0,
         fmt::format("rank {}{}", process.rank, process.host.empty() ? "" : " (" + process.host + ")"));
    append(fmt::format(R"({{"ph":"M","name":"process_sort_index","pid":{0},"args":{{"sort_index":{0}}}}})",
                       process.rank));
  }

  // Tracks come in the order in which they are begun.
  void begin_track(std::string_view track_name) {
    ++track_;
    name("thread_name", track_, track_name);
    append(
        fmt::format(R"({{"ph":"M","name":"thread_sort_index","pid":{},"tid":{},"args":{{"sort_index":{}}}}})",
                    process_.rank, track_, track_));
  }
  // `arguments`: "" or ,"args":{...}
  void span(std::string_view span_name, std::int64_t begin, std::int64_t end, std::string_view arguments) {
    const std::int64_t from = process_.scale(begin);
    const std::int64_t duration = std::max<std::int64_t>(0, process_.scale(end == 0 ? now_ : end) - from);
    append(fmt::format(R"({{"ph":"X","name":{},"pid":{},"tid":{},"ts":{},"dur":{}{}}})", json_text(span_name),
                       process_.rank, track_, microseconds(from), microseconds(duration), arguments));
  }
  // Shown beside the process's name.
  void label(std::string_view text) { name("process_labels", 0, text, "labels"); }

  std::string take() { return std::move(text_); }

 private:
  static std::string microseconds(std::int64_t nanoseconds) {
    return fmt::format("{}{}.{:03}", nanoseconds < 0 ? "-" : "", std::abs(nanoseconds / 1000),
                       std::abs(nanoseconds % 1000));
  }
  void name(std::string_view what, std::int64_t track, std::string_view value,
            std::string_view argument = "name") {
    append(fmt::format(R"({{"ph":"M","name":"{}","pid":{},"tid":{},"args":{{"{}":{}}}}})", what,
                       process_.rank, track, argument, json_text(value)));
  }
  void append(std::string_view event) {
    if (!text_.empty()) text_ += ",\n";
    text_ += event;
  }

  const Process& process_;
  const std::int64_t now_ = now();
  std::int64_t track_ = 0;
  std::string text_;
};

std::string arguments_of(const KeptSpan& span) {
  if (span.argument == nullptr) return "";
  const std::string value = span.text ? json_text(*span.text) : std::to_string(span.number);
  return fmt::format(R"(,"args":{{{}:{}}})", json_text(span.argument), value);
}

void write_spans(EventWriter& events, const std::vector<ForeignSpan>& spans) {
  for (const ForeignSpan& span : spans) events.span(span.name, span.begin, span.end, "");
}

}  // namespace

std::int64_t TimeScale::operator()(std::int64_t time) const {
  const auto elapsed = static_cast<double>(last.at - first.at);
  const double part = elapsed > 0 ? static_cast<double>(time - first.at) / elapsed : 0;
  const auto change = static_cast<double>(last.lead - first.lead) * std::clamp(part, 0.0, 1.0);
  return time + first.lead + std::llround(change) - origin;
}

std::string timeline_events(const Process& process) {
  EventWriter events(process);
  events.begin_track("stages");
  write_spans(events, Recorder::instance().stages());
  Recorder::instance().visit_tracks([&](Track& track) {
    const std::lock_guard lock(track.mutex);
    if (track.spans.empty()) return;
    events.begin_track(track.name);
    for (const KeptSpan& span : track.spans)
      events.span(span.name, span.begin, span.end.load(std::memory_order_acquire), arguments_of(span));
  });
  Recorder::instance().visit_foreign_tracks([&](const ForeignTrack& track) {
    events.begin_track(track.name);
    write_spans(events, track.spans);
  });
  if (const std::int64_t dropped = dropped_spans(); dropped > 0)
    events.label(fmt::format("{} later spans found no room", dropped));
  return events.take();
}

std::int64_t dropped_spans() {
  std::int64_t dropped = 0;
  Recorder::instance().visit_tracks([&](Track& track) {
    const std::lock_guard lock(track.mutex);
    dropped += track.dropped;
  });
  return dropped;
}

TimelineFile::TimelineFile(const std::filesystem::path& path)
    : atomic_(path), file_(atomic_.temporary(), path) {
  using Container = support::Deflater::Container;
  using Effort = support::Deflater::Effort;
  if (path.extension() == ".gz")
    deflater_ = std::make_unique<support::Deflater>(Container::kGzip, Effort::kLittle);
  write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
}

void TimelineFile::write(std::string_view text, bool last) {
  if (!deflater_) {
    file_.write(text);
    return;
  }
  deflater_->add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, last);
  if (last) file_.write(deflater_->bytes());
}

void TimelineFile::add(std::string_view events) {
  if (events.empty()) return;
  if (!is_empty_) write(",\n");
  is_empty_ = false;
  write(events);
}

void TimelineFile::commit() {
  write("\n]}\n", /*last=*/true);
  file_.close();
  atomic_.commit();
}

}  // namespace zoetrope::trace
