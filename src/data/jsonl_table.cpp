// SPDX-License-Identifier: Apache-2.0
// JSON with an object on each line. Arrow's reader, which `datasets` takes, would give every row every key
// that any row has, whatever memory that takes.
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/json.hpp"

#include "parquet/formats.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

using support::Json;

namespace {

// Arrow's name for what a value is; "" of null.
std::string type_of_value(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (fits) return "int64";
  return value.is_number() ? "double" : value.is_array() ? "list" : "struct";
}

class JsonlTable final : public Table {
 public:
  explicit JsonlTable(const fs::path& path) : path_(path), text_(support::read_file(path)) {
    for_each_row([this](const Json& row, const std::string& place) {
      for (const auto& [name, value] : row.items()) add_type(name, type_of_value(value), place);
    });
  }

  const fs::path& path() const override { return path_; }

  std::vector<Column> columns() const override {
    std::vector<Column> columns;
    for (const auto& [name, type] : types_) {
      const ColumnKind kind = type == "int64"    ? ColumnKind::kInteger
                              : type == "string" ? ColumnKind::kText
                                                 : ColumnKind::kOther;
      columns.push_back({name, kind, type.empty() ? "null" : type});
    }
    return columns;
  }

  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const override {
    return read<std::int64_t>(column);
  }
  std::vector<std::optional<std::string>> read_texts(std::size_t column) const override {
    return read<std::string>(column);
  }

 private:
  template <typename Use>
  void for_each_row(const Use& use) const {
    std::string_view rest = text_;
    for (std::size_t line = 1; !rest.empty(); ++line) {
      support::stop_point();
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view text = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const std::string place = path_.string() + ": line " + std::to_string(line);
      const Json row = support::parse_python_json(text, place);
      if (!row.is_object()) throw InputError(place + ": is no object");
      use(row, place);
    }
  }

  void add_type(const std::string& name, const std::string& type, const std::string& place) {
    std::string& known = types_[name];
    const auto is_number = [](const std::string& one) { return one == "int64" || one == "double"; };
    if (known.empty() || type.empty() || known == type) {
      if (!type.empty()) known = type;
    } else if (is_number(known) && is_number(type)) {
      known = "double";
    } else {
      throw InputError(place + ": \"" + name + "\" is a " + type + ", and a " + known + " on other lines");
    }
  }

  template <typename Value>
  std::vector<std::optional<Value>> read(std::size_t column) const {
    const std::string name = columns().at(column).name;
    std::vector<std::optional<Value>> values;
    for_each_row([&](const Json& row, const std::string&) {
      const auto found = row.find(name);
      values.push_back(found == row.end() || found->is_null() ? std::nullopt
                                                              : std::optional(found->template get<Value>()));
    });
    return values;
  }

  fs::path path_;
  std::string text_;
  std::map<std::string, std::string> types_;
};

}  // namespace

std::unique_ptr<Table> open_jsonl_table(const fs::path& path) {
  return std::make_unique<JsonlTable>(path);
}

}  // namespace zoetrope::data
