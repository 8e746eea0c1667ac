// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "loss_line.hpp"

namespace zoetrope::store {
namespace {

// A line as it is, or what is wrong with it.
struct Line {
  std::optional<LossRecord> record;
  std::string place;  // "log.csv: line 3"
  std::string problem;
  std::string text;
  bool is_header = false;
};

Line read_line(std::string_view text, const std::vector<std::string_view>& columns, std::string place) {
  Line line{std::nullopt, std::move(place), {}, std::string(text), false};
  try {
    line.record = parse_line(text, columns, line.place);
  } catch (const InputError& error) {
    line.problem = error.what();
  }
  return line;
}

// The lines of a log that a training of ours has written, whatever has become of it. A damaged header is the
// first of them.
std::vector<Line> lines_of_training(std::string_view content, const std::string& path) {
  std::vector<std::string_view> lines = split(content, '\n');
  lines.pop_back();  // "", or what a crash has cut
  const std::vector<std::string_view> columns = split(kLossHeader, ',');
  std::vector<Line> all;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string place = path + ": line " + std::to_string(i + 1);
    if (i > 0)
      all.push_back(read_line(lines[i], columns, std::move(place)));
    else if (lines[i] != kLossHeader)
      all.push_back(
          {std::nullopt, place, place + ": is not the header " + std::string(kLossHeader), {}, true});
  }
  return all;
}

// Also where both are no numbers: JSON, which the history comes from, has one word for those.
bool is_same(double a, double b) {
  return a == b || (!std::isfinite(a) && !std::isfinite(b));
}

bool is_same(const LossRecord& a, const LossRecord& b) {
  return a.step == b.step && std::ranges::all_of(kLossColumns, [&](const LossColumn& column) {
           return is_same(a.*column.member, b.*column.member);
         });
}

// Whether the line is that of `record`: its very text, but for numbers that are none.
bool is_line_of(const LossRecord& record, const Line& line) {
  const bool is_finite = std::ranges::all_of(
      kLossColumns, [&](const LossColumn& column) { return std::isfinite(record.*column.member); });
  return line.record && is_same(*line.record, record) && (!is_finite || line.text + "\n" == to_line(record));
}

// Puts those of `history` among `records` whose steps these lack.
void add_missing(const std::vector<LossRecord>& history, std::vector<LossRecord>& records) {
  std::set<std::int64_t> steps;
  for (const LossRecord& record : records) steps.insert(record.step);
  for (const LossRecord& record : history)
    if (!steps.contains(record.step)) records.push_back(record);
  std::ranges::stable_sort(records, {}, &LossRecord::step);
}

// Where `lines`, without their header, begin otherwise than `history`; "" where they do not.
std::string first_difference(const std::vector<Line>& lines, const std::vector<LossRecord>& history,
                             const std::string& path) {
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (i >= lines.size())
      return path + ": the line of step " + std::to_string(history[i].step) + " is missing";
    if (!lines[i].record) return lines[i].problem;
    if (!is_line_of(history[i], lines[i])) return lines[i].place + ": is not what was logged";
  }
  return "";
}

}  // namespace

MendedLog mend_loss_log(const std::filesystem::path& path, const LogHistory& history) {
  const bool is_there = support::exists(path);
  auto lines = lines_of_training(is_there ? support::read_file(path) : "", path.string());
  MendedLog mended;
  if (!lines.empty() && !lines.front().problem.empty() && lines.front().is_header) {
    mended.damage = lines.front().problem;
    lines.erase(lines.begin());
  }
  if (history.is_exact && mended.damage.empty())
    mended.damage = first_difference(lines, history.records, path.string());
  // Where the history is exact, the first lines are its own, whatever has become of them.
  for (std::size_t i = history.is_exact ? history.records.size() : 0; i < lines.size(); ++i) {
    if (!lines[i].record && mended.unread.empty()) mended.unread = lines[i].problem;
    if (lines[i].record && (!history.is_exact || lines[i].record->step > history.last))
      mended.records.push_back(*lines[i].record);
  }
  if (history.is_exact && !mended.damage.empty()) mended.unread.clear();  // it may be a part of those lines
  const bool is_damaged = !mended.damage.empty() || !mended.unread.empty() || !is_there;
  if (history.is_exact || is_damaged) add_missing(history.records, mended.records);
  return mended;
}

}  // namespace zoetrope::store
