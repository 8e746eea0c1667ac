// SPDX-License-Identifier: Apache-2.0
// The labels of a split, as a column of its files has them, and the classes that they are of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "class_warnings.hpp"
#include "parquet/shard.hpp"
#include "shard_columns.hpp"

namespace zoetrope::data {

// Where labels are, of the split that is opened and of the other, which has the same classes.
struct LabelFiles {
  std::string split;
  std::string other_split;
  std::vector<const Table*> own;              // at least one
  std::vector<std::filesystem::path> others;  // opened one after the other
  std::unique_ptr<Table> (*open)(const std::filesystem::path&) = nullptr;
  std::filesystem::path folder;       // in which class_names.txt may lie
  bool numbers_name_classes = false;  // where nothing else does
};

class TableLabels {
 public:
  using Rows = std::vector<std::optional<std::int64_t>>;

  // The classes are those of a ClassLabel; else of words these, sorted; of numbers those of class_names.txt.
  // Warns of classes that one split alone has. Throws InputError where no column, or none alone, may be
  // meant, and where the splits or a number's classes do not agree.
  TableLabels(const LabelFiles& files, const Features& features, const std::string& given_column);

  const std::vector<std::string>& class_names() const { return class_names_; }
  // Of the own files' rows; nothing where there is no label. Numbers may be outside the classes, and words
  // that are no class are -1.
  const std::vector<Rows>& own() const { return own_; }

 private:
  struct Raw {
    Rows numbers;
    std::vector<std::optional<std::string>> words;
  };
  struct Distinct;

  Raw read(const Table& table) const;
  void read_others(const LabelFiles& files, Distinct& distinct) const;
  void name_classes(const LabelFiles& files, const Distinct& own, const Distinct& others);
  std::int64_t number_of(const std::string& word) const;
  SplitClasses classes_of(const std::string& split, const Distinct& distinct) const;

  Column column_;
  std::vector<std::string> class_names_;
  std::unordered_map<std::string, std::int64_t> numbers_;  // by name
  std::vector<Rows> own_;
};

}  // namespace zoetrope::data
