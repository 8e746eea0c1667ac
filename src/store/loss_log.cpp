// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/loss_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "bits.hpp"
#include "loss_line.hpp"
#include "loss_log_file.hpp"

namespace zoetrope::store {
namespace {

// The article's file has no header.
constexpr std::array<std::string_view, 3> kArticleColumns = {"loss", "learning_rate", "epoch"};

void require_columns(const std::vector<std::string_view>& columns, const std::string& path) {
  for (const std::string_view needed : {"step", "epoch", "loss"}) {
    if (std::find(columns.begin(), columns.end(), needed) == columns.end()) {
      throw InputError(path + ": line 1: no column is named " + std::string(needed) +
                       "; the header should be " + std::string(kLossHeader));
    }
  }
}

bool starts_with_letter(std::string_view line) {
  return !line.empty() && ((line[0] >= 'a' && line[0] <= 'z') || (line[0] >= 'A' && line[0] <= 'Z'));
}

// Whether a line is our header with one bit another, which says what its columns were.
bool is_flipped_header(std::string_view line) {
  return differing_bits(line, kLossHeader) == 1;
}

std::vector<std::string_view> lines_of(std::string_view content, const std::string& path, bool& has_header) {
  std::vector<std::string_view> lines = split(content, '\n');
  if (is_flipped_header(lines.front())) {
    support::warn_once(path + ": line 1: is damaged, and read as the header " + std::string(kLossHeader) +
                       ", which it was");
    lines.front() = kLossHeader;
  }
  has_header = starts_with_letter(lines.front()) && lines.front().substr(0, 3) != "nan";
  // Our own last line without its end was cut by a crash: its numbers cannot be trusted.
  if (has_header) lines.pop_back();
  for (std::string_view& line : lines)
    if (line.ends_with('\r')) line.remove_suffix(1);
  return lines;
}

std::vector<LossRecord> parse_log(std::string_view content, const std::string& path) {
  bool has_header = false;
  const std::vector<std::string_view> lines = lines_of(content, path, has_header);
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

void append_line(const std::filesystem::path& path, std::string_view line) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const auto written = file < 0 ? -1 : ::write(file, line.data(), line.size());
  const bool good = file >= 0 && written == static_cast<ssize_t>(line.size()) && ::fdatasync(file) == 0;
  const std::string reason =
      written >= 0 && written < static_cast<ssize_t>(line.size()) ? "disk full" : std::strerror(errno);
  if (file >= 0) ::close(file);
  if (!good) throw RunError(path.string() + ": cannot append a line: " + reason);
}

}  // namespace

LossLog::LossLog(std::filesystem::path path, const std::vector<LossRecord>& records)
    : path_(std::move(path)) {
  std::string content(kLossHeader);
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
  if (!support::is_listed(path)) return false;
  const std::string start = support::read_start(path, kLossHeader.size());
  return start == kLossHeader || is_flipped_header(start);
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
