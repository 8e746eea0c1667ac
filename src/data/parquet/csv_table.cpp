// SPDX-License-Identifier: Apache-2.0
// CSV as pandas reads it.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <arrow/csv/options.h>
#include <arrow/csv/parser.h>
#include <arrow/memory_pool.h>
#include <arrow/util/utf8.h>

#include "zoetrope/support/files.hpp"

#include "../memory_bound.hpp"
#include "arrow_values.hpp"
#include "formats.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr const char* kCsvKind = "a CSV";
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr std::int32_t kMostRows = 1 << 28;
constexpr std::size_t kLeastFilled = std::size_t{1} << 20;

// pandas' words for a value that is missing.
bool is_missing(std::string_view text) {
  static constexpr std::array<std::string_view, 18> kWords{
      "",     "#N/A",    "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
      "<NA>", "1.#QNAN", "N/A",      "NULL", "NA",      "NaN",      "None", "n/a",  "nan"};
  return text == "null" || std::ranges::find(kWords, text) != kWords.end();
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (std::is_floating_point_v<Number> && error == std::errc::result_out_of_range)
    return static_cast<Number>(std::strtod(std::string(text).c_str(), nullptr));  // 0, or infinite
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool is_truth(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kWords{"True", "TRUE", "true", "False", "FALSE", "false"};
  return std::ranges::find(kWords, text) != kWords.end();
}

// As pandas has it: whole numbers of which one is missing are floating-point numbers.
Column column_of(const std::string& name, const Texts& values) {
  const auto all = [&](const auto& is_one) {
    return std::ranges::all_of(values, [&](const auto& value) { return !value || is_one(*value); });
  };
  const bool is_whole = std::ranges::none_of(values, [](const auto& value) { return !value; });
  const auto is_integer = [](const std::string& text) { return number<std::int64_t>(text).has_value(); };
  const auto is_real = [](const std::string& text) { return number<double>(text).has_value(); };
  if (is_whole && all(is_integer)) return {name, ColumnKind::kInteger, "int64"};
  if (all(is_real)) return {name, ColumnKind::kOther, "double"};
  if (all(is_truth)) return {name, ColumnKind::kOther, "bool"};
  return {name, ColumnKind::kText, "string"};
}

// Rows that end before the header does, filled up as pandas does it.
struct ShortRows {
  std::vector<std::int64_t> places;  // among all rows, the header's being 0
  std::string text;

  // What the header makes of a file without commas is no more than a few times the file.
  bool add(const arrow::csv::InvalidRow& row, std::size_t most_bytes) {
    if (row.actual_columns > row.expected_columns) return false;
    const auto missing = static_cast<std::size_t>(row.expected_columns - row.actual_columns);
    if (text.size() + row.text.size() + missing > most_bytes) return false;
    places.push_back(row.number - 1);
    text.append(row.text.substr(0, row.text.find_last_not_of("\r\n") + 1)).append(missing, ',').append("\n");
    return true;
  }
};

class CsvTable final : public Table {
 public:
  explicit CsvTable(const fs::path& path) : path_(path) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    const std::string text = support::read_file(path, kMaxBytes);
    std::string_view rows = text;
    if (rows.starts_with(kByteOrderMark)) rows.remove_prefix(kByteOrderMark.size());
    // Sets room aside for rows by the columns that the header has.
    const auto memory = arrow::MemoryPool::CreateDefault();
    arrow::CappedMemoryPool pool(memory.get(), believed_bytes(std::ssize(text)));
    auto options = arrow::csv::ParseOptions::Defaults();
    options.newlines_in_values = true;
    ShortRows short_rows;
    auto lenient = options;
    lenient.invalid_row_handler = [&](const arrow::csv::InvalidRow& row) {
      return short_rows.add(row, kLeastFilled + 4 * text.size()) ? arrow::csv::InvalidRowResult::Skip
                                                                 : arrow::csv::InvalidRowResult::Error;
    };
    arrow::csv::BlockParser parser(&pool, lenient, -1, /*first_row=*/1, kMostRows);
    parse(parser, rows);
    if (parser.num_rows() == 0)
      refuse_file(path_, kCsvKind, rows.empty() ? "it is empty" : "it has no rows, or too many");
    arrow::csv::BlockParser filled(&pool, options, parser.num_cols(), /*first_row=*/1, kMostRows);
    if (!short_rows.places.empty()) parse(filled, short_rows.text);
    for (int i = 0; i < parser.num_cols(); ++i)
      add_column(texts_of(parser, i), short_rows.places.empty() ? Texts() : texts_of(filled, i),
                 short_rows.places);
  }

  const fs::path& path() const override { return path_; }
  std::vector<Column> columns() const override { return columns_; }

  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const override {
    std::vector<std::optional<std::int64_t>> values;
    for (const auto& text : values_.at(column))
      values.push_back(text ? number<std::int64_t>(*text) : std::nullopt);
    return values;
  }

  Texts read_texts(std::size_t column) const override { return values_.at(column); }

 private:
  void parse(arrow::csv::BlockParser& parser, std::string_view rows) const {
    std::uint32_t parsed = 0;
    require_ok(parser.ParseFinal(rows, &parsed), path_, kCsvKind);
    if (parsed != rows.size()) refuse_file(path_, kCsvKind, "it has too many rows");
  }

  Texts texts_of(const arrow::csv::BlockParser& parser, int place) const {
    Texts texts;
    const auto add = [&](const std::uint8_t* data, std::uint32_t size, auto...) {
      const std::string_view text(reinterpret_cast<const char*>(data), size);
      texts.emplace_back(std::string(text));
      return arrow::util::ValidateUTF8(text) ? arrow::Status::OK()
                                             : arrow::Status::Invalid("it is not UTF-8");
    };
    require_ok(parser.VisitColumn(place, add), path_, kCsvKind);
    return texts;
  }

  // The first row holds the columns' names; the short ones come in between.
  void add_column(Texts texts, Texts of_short, const std::vector<std::int64_t>& places) {
    const std::string name = texts.at(0).value_or("");
    Texts values;
    for (std::size_t next = 1, next_short = 0; next < texts.size() || next_short < of_short.size();) {
      const bool is_short =
          next_short < places.size() && places[next_short] == static_cast<std::int64_t>(next + next_short);
      auto& text = is_short || next >= texts.size() ? of_short.at(next_short++) : texts[next++];
      values.push_back(text && !is_missing(*text) ? std::move(text) : std::nullopt);
    }
    columns_.push_back(column_of(name, values));
    values_.push_back(std::move(values));
  }

  fs::path path_;
  std::vector<Column> columns_;
  std::vector<Texts> values_;
};

}  // namespace

std::unique_ptr<Table> open_csv_table(const fs::path& path) {
  return std::make_unique<CsvTable>(path);
}

}  // namespace zoetrope::data
