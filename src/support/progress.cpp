// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/progress.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress_marks.hpp"
#include "zoetrope/support/terminal.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::support {

namespace {

using namespace std::chrono_literals;

std::atomic<ProgressStyle> progress_style{ProgressStyle::kAuto};

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Nine levels a character: the bar moves smoothly even when it is short.
std::string bar(double fraction, std::size_t width) {
  constexpr const char* kPartial[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths =
      static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(width) * 8);
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  text += kPartial[eighths % 8];
  const std::size_t used = eighths / 8 + (eighths % 8 != 0 ? 1 : 0);
  text.append(width - used, ' ');
  return text;
}

}  // namespace

void set_progress_style(ProgressStyle style) {
  progress_style = style;
}

Progress::Progress(const std::string& what, std::int64_t total, const std::string& unit)
    : what_(printable(what)),
      total_(total),
      unit_(printable(unit)),
      start_(Clock::now()),
      last_draw_(start_),
      enabled_(progress_style == ProgressStyle::kAuto),
      terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  finish();
}

void Progress::update(std::int64_t done, const std::string& note) {
  mark_progress();
  if (!enabled_ || total_ <= 0) return;
  done_ = done;
  const auto now = Clock::now();
  if (first_done_ < 0) {
    first_done_ = done;
    start_ = now;
  }
  if (now - last_draw_ < (terminal_ ? 100ms : Clock::duration(30s))) return;
  last_draw_ = now;
  draw(note, false);
}

void Progress::finish() {
  if (!enabled_ || finished_) return;
  finished_ = true;
  if (terminal_ && first_done_ >= 0) draw({}, true);
}

std::string Progress::pace(bool last) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const std::int64_t done_here = done_ - first_done_;
  if (done_here <= 0 || seconds <= 0) return done_ < total_ ? format_duration(seconds) : "done already";
  const double rate = static_cast<double>(done_here) / seconds;
  return fmt::format("{} {}/s  {}", format_rate(rate), unit_,
                     last ? format_duration(seconds)
                          : format_duration(static_cast<double>(total_ - done_) / rate) + " left");
}

void Progress::draw(const std::string& note, bool last) {
  const double fraction = static_cast<double>(done_) / static_cast<double>(total_);
  std::string numbers =
      fmt::format("{}/{} {}  {}", format_count(done_), format_count(total_), unit_, pace(last));
  if (!note.empty()) numbers += "  " + printable(note);
  if (!terminal_) {
    log_info(fmt::format("{}: {:.0f} %  {}", what_, fraction * 100, numbers));
    return;
  }
  const std::size_t width = terminal_width();
  const std::size_t taken = what_.size() + numbers.size() + 6;
  const std::size_t bar_width = width > taken + 8 ? std::min<std::size_t>(width - taken, 40) : 0;
  // \r and "erase to the end of the line": one line that is drawn over.
  const std::string line =
      fmt::format("\r\033[K{:<12} {}{}{}", what_, bar_width > 0 ? bar(fraction, bar_width) : "",
                  bar_width > 0 ? "  " : "", numbers);
  std::fputs(line.c_str(), stderr);
  if (last) std::fputc('\n', stderr);
  std::fflush(stderr);
}

}  // namespace zoetrope::support
