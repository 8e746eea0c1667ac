// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/loss_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <fcntl.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "number_checks.hpp"

namespace zoetrope::store {
namespace {

constexpr std::string_view kHeader = "step,epoch,loss,learning_rate,grad_norm,accuracy,images_per_second";

// The columns after step, in the header's order.
struct Column {
  std::string_view name;
  double LossRecord::*member;
};
constexpr std::array<Column, 6> kColumns = {{{"epoch", &LossRecord::epoch},
                                             {"loss", &LossRecord::loss},
                                             {"learning_rate", &LossRecord::learning_rate},
                                             {"grad_norm", &LossRecord::grad_norm},
                                             {"accuracy", &LossRecord::accuracy},
                                             {"images_per_second", &LossRecord::images_per_second}}};
// The article's file has no header.
constexpr std::array<std::string_view, 3> kArticleColumns = {"loss", "learning_rate", "epoch"};

// The shortest decimal that reads back as the same double.
std::string to_text(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string to_line(const LossRecord& record) {
  std::string line = std::to_string(record.step);
  for (const Column& column : kColumns) line.append(",").append(to_text(record.*column.member));
  return line + "\n";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1)) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

template <typename T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// Stores the number in `text` in the member that `column` names; false when it is no number. Columns of other
// names are passed over.
bool store_field(std::string_view column, std::string_view text, LossRecord& record) {
  if (column == "step") return parse(text, record.step);
  for (const Column& known : kColumns) {
    if (known.name == column) return parse(text, record.*known.member);
  }
  return true;
}

LossRecord parse_line(std::string_view line, const std::vector<std::string_view>& columns,
                      const std::string& place) {
  const std::vector<std::string_view> fields = split(line, ',');
  if (fields.size() != columns.size()) {
    throw InputError(place + ": has " + std::to_string(fields.size()) + " fields, not " +
                     std::to_string(columns.size()) + "; remove the line");
  }
  LossRecord record;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!store_field(columns[i], fields[i], record)) {
      throw InputError(place + ": " + std::string(columns[i]) + " is \"" +
                       std::string(fields[i].substr(0, 40)) + "\", which is not a number; remove the line");
    }
  }
  if (!is_step(record.step) || !is_epoch(record.epoch)) {
    throw InputError(place + ": step " + std::to_string(record.step) + " and epoch " + to_text(record.epoch) +
                     " are none that a training comes to; remove the line");
  }
  return record;
}

void require_columns(const std::vector<std::string_view>& columns, const std::string& path) {
  for (const std::string_view needed : {"step", "epoch", "loss"}) {
    if (std::find(columns.begin(), columns.end(), needed) == columns.end()) {
      throw InputError(path + ": line 1: no column is named " + std::string(needed) +
                       "; the header should be " + std::string(kHeader));
    }
  }
}

bool starts_with_letter(std::string_view line) {
  return !line.empty() && ((line[0] >= 'a' && line[0] <= 'z') || (line[0] >= 'A' && line[0] <= 'Z'));
}

// A line as it is, or what is wrong with it.
struct Line {
  std::optional<LossRecord> record;
  std::string place;  // "log.csv: line 3"
  std::string problem;
  std::string text;
  bool is_header = false;
};

std::vector<std::string_view> lines_of(std::string_view content, bool& has_header) {
  std::vector<std::string_view> lines = split(content, '\n');
  has_header = starts_with_letter(lines.front()) && lines.front().substr(0, 3) != "nan";
  // Our own last line without its end was cut by a crash: its numbers cannot be trusted.
  if (has_header) lines.pop_back();
  for (std::string_view& line : lines)
    if (line.ends_with('\r')) line.remove_suffix(1);
  return lines;
}

Line read_line(std::string_view text, const std::vector<std::string_view>& columns, std::string place) {
  Line line{std::nullopt, std::move(place), {}, std::string(text), false};
  try {
    line.record = parse_line(text, columns, line.place);
  } catch (const InputError& error) {
    line.problem = error.what();
  }
  return line;
}

std::vector<LossRecord> parse_log(std::string_view content, const std::string& path) {
  bool has_header = false;
  const std::vector<std::string_view> lines = lines_of(content, has_header);
  std::vector<std::string_view> columns(kArticleColumns.begin(), kArticleColumns.end());
  std::vector<LossRecord> records;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0 && has_header) {
      columns = split(lines[i], ',');
      require_columns(columns, path);
    } else if (!lines[i].empty()) {
      records.push_back(parse_line(lines[i], columns, path + ": line " + std::to_string(i + 1)));
    }
  }
  return records;
}

// The lines of a log that a training of ours has written, whatever has become of it. A damaged header is the
// first of them.
std::vector<Line> lines_of_training(std::string_view content, const std::string& path) {
  std::vector<std::string_view> lines = split(content, '\n');
  lines.pop_back();  // "", or what a crash has cut
  const std::vector<std::string_view> columns = split(kHeader, ',');
  std::vector<Line> all;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string place = path + ": line " + std::to_string(i + 1);
    if (i > 0)
      all.push_back(read_line(lines[i], columns, std::move(place)));
    else if (lines[i] != kHeader)
      all.push_back({std::nullopt, place, place + ": is not the header " + std::string(kHeader), {}, true});
  }
  return all;
}

// Also where both are no numbers: JSON, which the history comes from, has one word for those.
bool is_same(double a, double b) {
  return a == b || (!std::isfinite(a) && !std::isfinite(b));
}

bool is_same(const LossRecord& a, const LossRecord& b) {
  return a.step == b.step && std::ranges::all_of(kColumns, [&](const Column& column) {
           return is_same(a.*column.member, b.*column.member);
         });
}

// Whether the line is that of `record`: its very text, but for numbers that are none.
bool is_line_of(const LossRecord& record, const Line& line) {
  const bool is_finite = std::ranges::all_of(
      kColumns, [&](const Column& column) { return std::isfinite(record.*column.member); });
  return line.record && is_same(*line.record, record) && (!is_finite || line.text + "\n" == to_line(record));
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const auto written = file < 0 ? -1 : ::write(file, line.data(), line.size());
  const bool good = written == static_cast<ssize_t>(line.size()) && ::fdatasync(file) == 0;
  const std::string reason =
      written >= 0 && written < static_cast<ssize_t>(line.size()) ? "disk full" : std::strerror(errno);
  if (file >= 0) ::close(file);
  if (!good) throw RunError(path.string() + ": cannot append a line: " + reason);
}

}  // namespace

LossLog::LossLog(std::filesystem::path path, const std::vector<LossRecord>& records)
    : path_(std::move(path)) {
  std::string content(kHeader);
  content += "\n";
  for (const LossRecord& record : records) content += to_line(record);
  support::write_file(path_, content);
}

LossLog::LossLog(std::filesystem::path path, std::int64_t resume_step) : path_(std::move(path)) {
  std::vector<LossRecord> records = read_loss_log(path_);
  std::erase_if(records, [&](const LossRecord& record) { return record.step > resume_step; });
  *this = LossLog(path_, records);
}

void LossLog::append(const LossRecord& record) {
  append_line(path_, to_line(record));
}

bool has_own_header(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string start(kHeader.size(), '\0');
  return file.read(start.data(), static_cast<std::streamsize>(start.size())) && start == kHeader;
}

std::vector<LossRecord> read_loss_log(const std::filesystem::path& path) {
  if (!support::is_listed(path)) return {};
  return parse_log(support::read_file(path), path.string());
}

namespace {

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
  const bool is_there = std::filesystem::exists(path);
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

const LossRecord* last_logged(const std::vector<LossRecord>& log, std::int64_t step) {
  const LossRecord* last = nullptr;
  for (const LossRecord& record : log) {
    if (record.step <= 0 || record.step > step) continue;
    if (last == nullptr || record.step >= last->step) last = &record;
  }
  return last;
}

}  // namespace zoetrope::store
