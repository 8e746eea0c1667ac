// SPDX-License-Identifier: Apache-2.0
// CSV as RFC 4180 has it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::review {

struct CsvRecord {
  std::size_t line = 0;  // of the file, from 1, on which it begins
  std::vector<std::string> fields;
};

// A file's records one after another. A record ends with \n, \r\n or \r; lines without anything are passed
// over, and so is a byte order mark.
class CsvReader {
 public:
  // `path` is what errors name.
  CsvReader(std::filesystem::path path, std::string_view text);

  // False at the file's end. InputError: a quote that does not end, or text behind one that did.
  bool next(CsvRecord& record);

 private:
  std::string quoted_field();
  bool at_line_end() const;
  void skip_line_end();

  std::filesystem::path path_;
  std::string_view rest_;
  std::size_t line_ = 1;
};

// A field with a comma, a quote or a line's end stands in quotes, which it doubles. Table programs compute
// what begins with = + - @, a tab or a carriage return: such a text, which may be anyone's, gets an
// apostrophe in front of it, and so does one that begins so behind apostrophes. Not for numbers.
std::string csv_field(std::string_view text);

// A field's text without that apostrophe.
std::string_view without_apostrophe(std::string_view field);

}  // namespace zoetrope::review
