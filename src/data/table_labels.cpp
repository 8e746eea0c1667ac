// SPDX-License-Identifier: Apache-2.0
#include "table_labels.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

#include "class_names.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMostNumberedClasses = 100'000;

// The names in one file of the other split; none where it cannot be told: who opens that split says why.
std::vector<std::string> other_class_names(const LabelFiles& files, const std::string& column) {
  try {
    const std::string origin = files.others[0].string();
    return Features(files.open(files.others[0])->hugging_face_metadata(), origin).class_names(column, origin);
  } catch (const InputError&) {
    return {};
  }
}

// One model learns from one split and is asked about the other: a label must mean the same class in both.
void refuse_other_classes(const LabelFiles& files, const std::string& column,
                          const std::vector<std::string>& class_names) {
  if (files.others.empty()) return;
  const auto names = other_class_names(files, column);
  if (!names.empty() && names != class_names)
    throw InputError(files.others[0].string() + ": the ClassLabel " + column +
                     " has other names than that of " + files.own[0]->path().string() +
                     "; cast both splits to the same features (datasets' cast_column)");
}

std::size_t place_of(const Table& table, const Column& column) {
  const auto columns = table.columns();
  const auto found = std::ranges::find_if(
      columns, [&](const Column& other) { return other.name == column.name && other.kind == column.kind; });
  if (found == columns.end())
    throw InputError(table.path().string() + ": has no column " + column.name + " (" + column.type +
                     "), as other files of the data set have");
  return static_cast<std::size_t>(found - columns.begin());
}

std::string without_spaces_around(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

}  // namespace

struct TableLabels::Distinct {
  std::set<std::int64_t> numbers;
  std::set<std::string> words;

  void add(const Raw& labels) {
    for (const auto& number : labels.numbers)
      if (number) numbers.insert(*number);
    for (const auto& word : labels.words)
      if (word) words.insert(*word);
  }
};

TableLabels::TableLabels(const LabelFiles& files, const Features& features, const std::string& given_column) {
  const std::string origin = files.own[0]->path().string();
  const auto columns = files.own[0]->columns();
  column_ = columns[choose_column(
      columns, {ColumnKind::kInteger, ColumnKind::kText}, given_column, "--label-column",
      {"label", "labels", "fine_label", "cls", "json.label", "json.labels", "json.cls"},
      [&](const std::string& name) { return features.is(name, "ClassLabel"); }, origin)];
  class_names_ = features.class_names(column_.name, origin);
  if (!class_names_.empty() && !features.are_of_card())
    refuse_other_classes(files, column_.name, class_names_);
  if (class_names_.empty() && column_.kind == ColumnKind::kInteger)
    class_names_ = class_names_in(files.folder).value_or(std::vector<std::string>{});
  std::vector<Raw> raw;
  Distinct own, others;
  for (const Table* table : files.own) {
    raw.push_back(read(*table));
    own.add(raw.back());
  }
  read_others(files, others);
  if (class_names_.empty()) name_classes(files, own, others);
  for (const std::string& name : class_names_) numbers_.emplace(name, std::ssize(numbers_));
  for (Raw& labels : raw) {
    Rows& rows = own_.emplace_back(std::move(labels.numbers));
    for (const auto& word : labels.words)
      rows.push_back(word ? std::optional(number_of(*word)) : std::nullopt);
  }
  warn_of_lone_classes(classes_of(files.split, own), classes_of(files.other_split, others),
                       files.folder.string());
}

TableLabels::Raw TableLabels::read(const Table& table) const {
  support::stop_point();
  const std::size_t column = place_of(table, column_);
  if (column_.kind == ColumnKind::kInteger) return {table.read_integers(column), {}};
  return {{}, table.read_texts(column)};
}

// Where the classes are known without them, who opens the other split says what is wrong there.
void TableLabels::read_others(const LabelFiles& files, Distinct& distinct) const {
  try {
    for (const fs::path& path : files.others) distinct.add(read(*files.open(path)));
  } catch (const InputError&) {
    if (class_names_.empty()) throw;
    distinct = {};
  }
}

void TableLabels::name_classes(const LabelFiles& files, const Distinct& own, const Distinct& others) {
  if (column_.kind == ColumnKind::kText) {
    std::set<std::string> words = own.words;
    words.insert(others.words.begin(), others.words.end());
    class_names_.assign(words.begin(), words.end());
    return;
  }
  std::int64_t most = -1;
  for (const auto* numbers : {&own.numbers, &others.numbers})
    if (!numbers->empty()) most = std::max(most, *numbers->rbegin());
  if (!files.numbers_name_classes || most >= kMostNumberedClasses)
    throw InputError(
        files.own[0]->path().string() + ": column " + column_.name +
        (files.numbers_name_classes ? " holds " + std::to_string(most) + ", and" : " is no ClassLabel;") +
        " name the classes, one a line, in " + (files.folder / "class_names.txt").string());
  for (std::int64_t number = 0; number <= most; ++number) class_names_.push_back(std::to_string(number));
}

// As a ClassLabel of `datasets` takes a word: by name, without the spaces around it, as a number.
std::int64_t TableLabels::number_of(const std::string& word) const {
  for (const std::string& name : {word, without_spaces_around(word)}) {
    if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  }
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc{} && end == word.data() + word.size() ? number : -1;
}

SplitClasses TableLabels::classes_of(const std::string& split, const Distinct& distinct) const {
  SplitClasses classes{split, {}};
  for (const std::int64_t number : distinct.numbers)
    if (number >= 0 && number < std::ssize(class_names_))
      classes.names.insert(class_names_[static_cast<std::size_t>(number)]);
  for (const std::string& word : distinct.words)
    if (const std::int64_t number = number_of(word); number >= 0 && number < std::ssize(class_names_))
      classes.names.insert(class_names_[static_cast<std::size_t>(number)]);
  return classes;
}

}  // namespace zoetrope::data
