// SPDX-License-Identifier: Apache-2.0
#include "raw_labels.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "zoetrope/data/given_dataset.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/terminal.hpp"

#include "npy_header.hpp"
#include "parquet/shard.hpp"
#include "shard_columns.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

RawLabels read_npy_labels(const fs::path& path) {
  const support::MappedFile file(path);
  std::size_t at = 0;
  const NextBytes next = [&](std::span<std::byte> into) {
    file.read(at, into);
    at += into.size();
  };
  const NpyHeader header = read_npy_header(next, file.bytes().size(), path.string());
  const bool is_list = header.shape.size() == 1 || (header.shape.size() == 2 && header.shape[1] == 1);
  if (header.type.kind == 'f' || !is_list)
    throw InputError(path.string() + ": labels are a list of whole numbers, not " + name_of(header.type) +
                     " in " + std::to_string(header.shape.size()) + " dimensions");
  std::vector<std::byte> bytes(header.num_numbers * header.type.bytes);
  next(bytes);
  RawLabels labels;
  labels.numbers.resize(header.num_numbers);
  for (std::size_t i = 0; i < labels.numbers.size(); ++i)
    if (!load_integer(bytes, i, header.type, labels.numbers[i]))
      throw InputError(path.string() + ": row " + std::to_string(i) + ": the number is too large");
  return labels;
}

// Also "3.0" and "3.000e+00", as numpy.savetxt writes whole numbers.
std::optional<std::int64_t> whole_label(std::string_view text) {
  constexpr double kMostExact = 9007199254740992;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  if (const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      error == std::errc{} && rest == end)
    return number;
  double real = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), real);
  if (error != std::errc{} || rest != end || !(std::abs(real) <= kMostExact) || std::trunc(real) != real)
    return std::nullopt;
  return static_cast<std::int64_t>(real);
}

// Without spaces around it, and without the quotes of CSV.
std::string label_in(std::string_view line, bool is_csv) {
  constexpr std::string_view kSpace = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  line = line.substr(0, line.find_last_not_of(kSpace) + 1);
  if (!is_csv || line.size() < 2 || !line.starts_with('"') || !line.ends_with('"')) return std::string(line);
  std::string text;
  for (std::size_t i = 1; i + 1 < line.size(); ++i) {
    text += line[i];
    if (line[i] == '"' && line[i + 1] == '"') ++i;
  }
  return text;
}

std::vector<std::string> lines_of(const fs::path& path) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const bool is_csv = path.extension() == ".csv";
  const std::string text = support::read_file(path);
  std::string_view rest = text;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  std::vector<std::string> lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const std::string place = path.string() + ": line " + std::to_string(lines.size() + 1) + ": ";
    lines.push_back(label_in(line, is_csv));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (lines.back().empty()) throw InputError(place + "is empty; each line is the label of a row");
    if (!support::is_utf8(lines.back())) throw InputError(place + "is not UTF-8");
    if (is_csv && !line.starts_with('"') && line.find(',') != std::string_view::npos)
      throw InputError(place + "has several columns; write the labels alone, one on each line");
  }
  return lines;
}

// One label a line. With one line more than rows, the first of a .csv is the column's name.
RawLabels read_text_labels(const fs::path& path, std::int64_t count) {
  RawLabels labels;
  labels.words = lines_of(path);
  if (path.extension() == ".csv" && static_cast<std::int64_t>(labels.words.size()) == count + 1)
    labels.words.erase(labels.words.begin());
  for (const std::string& word : labels.words) {
    const auto number = whole_label(word);
    if (!number) {
      labels.numbers.clear();
      return labels;
    }
    labels.numbers.push_back(*number);
  }
  labels.words.clear();
  return labels;
}

// A table's column of labels: the one that is named, else the only ClassLabel, else the usual names.
std::optional<std::size_t> find_label_column(const std::vector<Column>& columns, const Features& features,
                                             const std::string& given) {
  std::vector<std::size_t> marked, named;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.kind != ColumnKind::kInteger && column.kind != ColumnKind::kText) continue;
    if (column.name == given) return i;
    if (features.is(column.name, "ClassLabel")) marked.push_back(i);
    if (column.name == "label" || column.name == "labels") named.push_back(i);
  }
  if (!given.empty()) return std::nullopt;
  if (marked.size() == 1) return marked[0];
  return named.empty() ? std::nullopt : std::optional(named[0]);
}

template <typename Value>
std::vector<Value> without_holes(const Table& table, const Column& column,
                                 const std::vector<std::optional<Value>>& values) {
  std::vector<Value> whole;
  for (const auto& value : values) {
    if (!value)
      throw InputError(table.path().string() + ": column " + column.name + ": row " +
                       std::to_string(whole.size()) + ": is null");
    whole.push_back(*value);
  }
  return whole;
}

RawLabels read_table_labels(const fs::path& path, const std::string& given) {
  const auto table = open_table(path);
  const auto columns = table->columns();
  const Features features(table->hugging_face_metadata(), path.string());
  const auto at = find_label_column(columns, features, given);
  if (!at)
    throw InputError(path.string() + ": has no column " + (given.empty() ? "label" : given) +
                     " of whole numbers or words; name the labels' with --label-column");
  RawLabels labels;
  if (columns[*at].kind == ColumnKind::kInteger) {
    labels.numbers = without_holes(*table, columns[*at], table->read_integers(*at));
    labels.class_names = features.class_names(columns[*at].name, path.string());
  } else {
    labels.words = without_holes(*table, columns[*at], table->read_texts(*at));
  }
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == "name" && columns[i].kind == ColumnKind::kText && i != *at)
      labels.names = without_holes(*table, columns[i], table->read_texts(i));
  return labels;
}

}  // namespace

bool has_labels(const fs::path& parquet, const std::string& label_column) {
  const auto table = open_table(parquet);
  const Features features(table->hugging_face_metadata(), parquet.string());
  return find_label_column(table->columns(), features, label_column).has_value();
}

RawLabels read_raw_labels(const fs::path& file, const std::string& column, std::int64_t count) {
  if (file.extension() == ".npy") return read_npy_labels(file);
  if (file.extension() == ".parquet") return read_table_labels(file, column);
  return read_text_labels(file, count);
}

}  // namespace zoetrope::data
