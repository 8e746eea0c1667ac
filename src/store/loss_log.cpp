// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/loss_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
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

std::vector<LossRecord> parse_log(std::string_view content, const std::string& path) {
  std::vector<std::string_view> lines = split(content, '\n');
  const bool has_header = starts_with_letter(lines.front()) && lines.front().substr(0, 3) != "nan";
  // Our own last line without its end was cut by a crash: its numbers cannot be trusted.
  if (has_header) lines.pop_back();
  std::vector<std::string_view> columns(kArticleColumns.begin(), kArticleColumns.end());
  std::vector<LossRecord> records;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (i == 0 && has_header) {
      columns = split(line, ',');
      require_columns(columns, path);
    } else if (!line.empty()) {
      records.push_back(parse_line(line, columns, path + ": line " + std::to_string(i + 1)));
    }
  }
  return records;
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

LossLog::LossLog(std::filesystem::path path, std::int64_t resume_step) : path_(std::move(path)) {
  std::string content(kHeader);
  content += "\n";
  for (const LossRecord& record : read_loss_log(path_)) {
    if (record.step <= resume_step) content += to_line(record);
  }
  support::write_file(path_, content);
}

void LossLog::append(const LossRecord& record) {
  append_line(path_, to_line(record));
}

std::vector<LossRecord> read_loss_log(const std::filesystem::path& path) {
  if (!support::is_listed(path)) return {};
  return parse_log(support::read_file(path), path.string());
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
