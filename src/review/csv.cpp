// SPDX-License-Identifier: Apache-2.0
#include "csv.hpp"

#include <algorithm>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::review {

namespace {

bool looks_like_formula(std::string_view text) {
  const std::size_t first = text.find_first_not_of('\'');
  return first != std::string_view::npos &&
         std::string_view("=+-@\t\r").find(text[first]) != std::string_view::npos;
}

}  // namespace

CsvReader::CsvReader(std::filesystem::path path, std::string_view text)
    : path_(std::move(path)), rest_(text) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

bool CsvReader::at_line_end() const {
  return rest_.starts_with('\n') || rest_.starts_with('\r');
}

void CsvReader::skip_line_end() {
  rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
  ++line_;
}

std::string CsvReader::quoted_field() {
  const std::size_t began = line_;
  std::string field;
  for (rest_.remove_prefix(1);; rest_.remove_prefix(1)) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos)
      throw InputError(path_.string() + ": line " + std::to_string(began) +
                       ": a field begins with a quote that does not end");
    const std::string_view part = rest_.substr(0, quote);
    line_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
    field += part;
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) return field;
    field += '"';
  }
}

bool CsvReader::next(CsvRecord& record) {
  while (at_line_end()) skip_line_end();
  if (rest_.empty()) return false;
  record.line = line_;
  record.fields.clear();
  while (true) {
    if (rest_.starts_with('"')) {
      record.fields.push_back(quoted_field());
    } else {
      const std::string_view field = rest_.substr(0, rest_.find_first_of(",\r\n"));
      record.fields.emplace_back(field);
      rest_.remove_prefix(field.size());
    }
    if (rest_.empty()) return true;
    if (at_line_end()) {
      skip_line_end();
      return true;
    }
    if (!rest_.starts_with(','))
      throw InputError(path_.string() + ": line " + std::to_string(line_) +
                       ": text follows the closing quote of a field; a quote within one is doubled");
    rest_.remove_prefix(1);
  }
}

std::string_view without_apostrophe(std::string_view field) {
  return field.starts_with('\'') && looks_like_formula(field) ? field.substr(1) : field;
}

std::string csv_field(std::string_view text) {
  std::string guarded = (looks_like_formula(text) ? "'" : "") + std::string(text);
  if (guarded.find_first_of(",\"\r\n") == std::string::npos) return guarded;
  std::string field = "\"";
  for (const char c : guarded) field += c == '"' ? std::string(2, c) : std::string(1, c);
  return field + "\"";
}

}  // namespace zoetrope::review
