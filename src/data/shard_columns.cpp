// SPDX-License-Identifier: Apache-2.0
#include "shard_columns.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {
namespace {

std::string list_columns(const std::vector<Column>& columns) {
  std::string names;
  for (const Column& column : columns)
    names += (names.empty() ? "" : ", ") + column.name + " (" + column.type + ")";
  return names;
}

const char* what_is_wanted(ColumnKind kind) {
  return kind == ColumnKind::kImage ? "image files (binary, or a struct with a binary field \"bytes\")"
                                    : "labels (whole numbers, such as a ClassLabel's, or words)";
}

// Of the first of `kinds` that any of the columns has.
std::optional<std::size_t> only_one(const std::vector<Column>& columns,
                                    const std::vector<std::size_t>& fitting,
                                    const std::vector<ColumnKind>& kinds) {
  for (const ColumnKind kind : kinds) {
    const auto is_of_kind = [&](std::size_t i) { return columns[i].kind == kind; };
    const auto count = std::ranges::count_if(fitting, is_of_kind);
    if (count == 1) return *std::ranges::find_if(fitting, is_of_kind);
    if (count > 1) break;
  }
  return std::nullopt;
}

}  // namespace

Features::Features(const std::string& metadata, const std::string& origin) {
  if (metadata.empty()) return;
  const support::Json json = support::parse_python_json(metadata, origin + ": huggingface metadata");
  const auto features = support::Json::json_pointer("/info/features");
  if (json.contains(features)) features_ = json.at(features);
}

Features::Features(CardFeatures card) : features_(std::move(card.features)), card_(std::move(card.origin)) {}

void Features::require(const std::vector<Column>& columns, const std::string& file) const {
  if (!are_of_card()) return;
  for (const Column& column : columns)
    if (!features_.contains(column.name))
      throw InputError(card_ + ": \"dataset_info\" has no feature " + column.name +
                       ", which is a column of " + file +
                       ", so that datasets would not read it; add it there, or remove \"dataset_info\"");
}

bool Features::is(const std::string& column, const char* type) const {
  return features_.is_object() && features_.contains(column) && features_.at(column).is_object() &&
         features_.at(column).value("_type", support::Json()) == type;
}

std::vector<std::string> Features::class_names(const std::string& column, const std::string& origin) const {
  if (!is(column, "ClassLabel")) return {};
  return support::json_get<std::vector<std::string>>(features_.at(column), "names",
                                                     origin + ": feature " + column);
}

std::size_t choose_column(const std::vector<Column>& columns, const std::vector<ColumnKind>& kinds,
                          const std::string& given, const char* option,
                          const std::vector<std::string_view>& usual,
                          const std::function<bool(const std::string&)>& is_marked,
                          const std::string& origin) {
  std::vector<std::size_t> fitting, marked;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (std::ranges::find(kinds, columns[i].kind) == kinds.end()) continue;
    if (columns[i].name == given) return i;
    fitting.push_back(i);
    if (is_marked(columns[i].name)) marked.push_back(i);
  }
  if (given.empty()) {
    if (marked.size() == 1) return marked[0];
    for (const std::string_view name : usual) {
      const auto found =
          std::ranges::find_if(fitting, [&](std::size_t i) { return columns[i].name == name; });
      if (found != fitting.end()) return *found;
    }
    if (const auto only = only_one(columns, fitting, kinds)) return *only;
  }
  const std::string all = "; its columns are " + list_columns(columns);
  if (fitting.empty()) throw InputError(origin + ": no column holds " + what_is_wanted(kinds[0]) + all);
  if (given.empty())
    throw InputError(origin + ": more than one column may be meant" + all + "; name it with " + option);
  throw InputError(origin + ": " + option + " " + given + ": no column of this name holds " +
                   what_is_wanted(kinds[0]) + all);
}

}  // namespace zoetrope::data
