// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/terminal.hpp"
#include "zoetrope/support/text.hpp"

#include "csv.hpp"

namespace zoetrope::review {

namespace {

constexpr std::size_t kMostCsvBytes = std::size_t{256} << 20;
constexpr std::size_t kMostColumns = 100;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

bool is_missing(const std::string& field) {
  return field.empty() || field == "nan" || field == "NaN" || field == "NAN";
}

std::optional<double> number_in(const std::string& field) {
  double value = 0;
  const char* begin = field.data() + (field.starts_with('+') ? 1 : 0);
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) return std::strtod(begin, nullptr);  // 0, or infinite
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

class ColumnsReader {
 public:
  ColumnsReader(const std::filesystem::path& path, std::size_t count, const std::vector<std::string>& names)
      : path_(path), count_(count), names_(names), lines_(count, 0) {}

  std::vector<OwnColumn> read();

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw InputError(path_.string() + ": line " + std::to_string(line) + ": " + what);
  }
  void require_utf8(const CsvRecord& record) const;
  void read_header(CsvReader& csv);
  void find_names(std::size_t line);
  std::size_t image_of(const CsvRecord& record) const;
  void read_record(const CsvRecord& record);
  OwnColumn column(std::size_t k) const;

  const std::filesystem::path& path_;
  const std::size_t count_;
  const std::vector<std::string>& names_;
  std::vector<std::string> header_;
  std::size_t key_ = 0;                                      // the column that says which image
  std::map<std::string, std::size_t, std::less<>> by_name_;  // where names are the key; count_: of several
  std::vector<std::size_t> lines_;                           // [count], where an image's line is, 0: nowhere
  std::vector<std::vector<std::string>> fields_;             // [header][count]
};

void ColumnsReader::require_utf8(const CsvRecord& record) const {
  for (const std::string& field : record.fields)
    if (!support::is_utf8(field))
      fail(record.line, "\"" + field + "\" is not UTF-8; write the file anew in UTF-8");
}

void ColumnsReader::find_names(std::size_t line) {
  if (names_.empty())
    fail(line, "names are asked for, but these images have none: give a column index, from 0");
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const auto [at, is_new] = by_name_.emplace(names_[i], i);
    if (!is_new) at->second = count_;
  }
}

void ColumnsReader::read_header(CsvReader& csv) {
  CsvRecord record;
  if (!csv.next(record)) throw InputError(path_.string() + ": is empty; its first line names the columns");
  require_utf8(record);
  if (record.fields.size() > kMostColumns)
    fail(record.line, "has " + std::to_string(record.fields.size()) + " columns, more than " +
                          std::to_string(kMostColumns));
  for (const std::string& field : record.fields) {
    const std::string name(without_apostrophe(trimmed(field)));
    if (name.empty()) fail(record.line, "a column has no name");
    if (std::ranges::find(header_, name) != header_.end()) fail(record.line, "two columns are named " + name);
    header_.push_back(name);
  }
  auto key = std::ranges::find(header_, "index");
  if (key == header_.end()) {
    key = std::ranges::find(header_, "name");
    if (key == header_.end()) fail(record.line, "no column index or name says which image a line is of");
    find_names(record.line);
  }
  key_ = static_cast<std::size_t>(key - header_.begin());
  fields_.assign(header_.size(), std::vector<std::string>(count_));
}

std::size_t ColumnsReader::image_of(const CsvRecord& record) const {
  const std::string& key = record.fields[key_];
  if (by_name_.empty()) {
    const std::string text = trimmed(key);
    std::size_t index = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error != std::errc() || stop != text.data() + text.size() || index >= count_)
      fail(record.line, "index " + text + " is not one of 0 to " + std::to_string(count_ - 1));
    return index;
  }
  auto found = by_name_.find(without_apostrophe(key));
  if (found == by_name_.end()) found = by_name_.find(key);
  if (found == by_name_.end()) fail(record.line, "no image is named " + key);
  if (found->second == count_)
    fail(record.line, "several images are named " + key + ": give a column index, from 0");
  return found->second;
}

void ColumnsReader::read_record(const CsvRecord& record) {
  if (record.fields.size() != header_.size())
    fail(record.line, "has " + std::to_string(record.fields.size()) + " fields, the header " +
                          std::to_string(header_.size()));
  require_utf8(record);
  const std::size_t image = image_of(record);
  if (lines_[image] != 0) fail(record.line, "is of the same image as line " + std::to_string(lines_[image]));
  lines_[image] = record.line;
  for (std::size_t k = 0; k < header_.size(); ++k)
    fields_[k][image] = without_apostrophe(trimmed(record.fields[k]));
}

OwnColumn ColumnsReader::column(std::size_t k) const {
  OwnColumn column{header_[k], std::vector<double>(count_, kNothing), {}};
  const std::vector<std::string>& fields = fields_[k];
  const bool has_numbers = std::ranges::all_of(
      fields, [](const std::string& field) { return is_missing(field) || number_in(field); });
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < count_; ++i) {
    if (is_missing(fields[i])) continue;
    if (!has_numbers) {
      const auto [at, is_new] = places.emplace(fields[i], places.size());
      if (is_new) column.categories.push_back(fields[i]);
      column.values[i] = static_cast<double>(at->second);
      continue;
    }
    column.values[i] = *number_in(fields[i]);
    if (!std::isfinite(column.values[i]))
      fail(lines_[i],
           "column " + header_[k] + ": " + fields[i] + " is no finite number; leave the field empty");
  }
  return column;
}

std::vector<OwnColumn> ColumnsReader::read() {
  const std::string text = support::read_file(path_, kMostCsvBytes);
  CsvReader csv(path_, text);
  read_header(csv);
  for (CsvRecord record; csv.next(record);) {
    support::stop_point();
    read_record(record);
  }
  std::vector<OwnColumn> columns;
  for (std::size_t k = 0; k < header_.size(); ++k)
    if (k != key_ && header_[k] != "name") columns.push_back(column(k));
  return columns;
}

}  // namespace

std::vector<OwnColumn> read_columns(const std::filesystem::path& path, std::size_t count,
                                    const std::vector<std::string>& names) {
  return ColumnsReader(path, count, names).read();
}

}  // namespace zoetrope::review
