// SPDX-License-Identifier: Apache-2.0
// A tar file of WebDataset's: the files that share a name up to its first dot are a sample, and what follows
// the dot is the name of a column.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"

#include "glob.hpp"
#include "image_endings.hpp"
#include "parquet/formats.hpp"
#include "tar_file.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kTellingSamples = 5;  // those that `datasets` takes the columns from

// In small letters: "jpg" of "left.JPG".
std::string ending_of_field(std::string_view field) {
  const std::string ending = ending_of("x." + std::string(field));
  return ending.empty() ? ending : ending.substr(1);
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

ColumnKind kind_of_field(std::string_view field) {
  static constexpr std::array<std::string_view, 5> kIntegers{"cls", "cls2", "index", "inx", "id"};
  static constexpr std::array<std::string_view, 3> kTexts{"txt", "text", "transcript"};
  const std::string ending = ending_of_field(field);
  if (is_one_of(kIntegers, ending)) return ColumnKind::kInteger;
  if (is_one_of(kTexts, ending)) return ColumnKind::kText;
  return announces_image("x." + ending) ? ColumnKind::kImage : ColumnKind::kOther;
}

bool is_json(std::string_view field) {
  const std::string ending = ending_of_field(field);
  return ending == "json" || ending == "jsn";
}

ColumnKind kind_of_value(const support::Json& value) {
  if (value.is_number_integer()) return ColumnKind::kInteger;
  return value.is_string() ? ColumnKind::kText : ColumnKind::kOther;
}

const char* type_of(ColumnKind kind) {
  if (kind == ColumnKind::kImage) return "image";
  if (kind == ColumnKind::kInteger) return "int64";
  return kind == ColumnKind::kText ? "string" : "other";
}

class TarShard final : public Shard {
 public:
  explicit TarShard(const fs::path& path) : file_(path) {
    for (const TarEntry& entry : file_.entries()) add(entry);
    const std::size_t telling = std::min(kTellingSamples, samples_.size());
    for (std::size_t i = 0; i < telling; ++i)
      for (std::size_t at = begin_of(i); at < end_of(i); ++at) add_columns(fields_[at]);
  }

  const fs::path& path() const override { return file_.path(); }
  std::vector<std::int64_t> row_group_sizes() const override { return {std::ssize(samples_)}; }

  std::vector<Column> columns() const override {
    std::vector<Column> columns;
    for (const Source& source : sources_) columns.push_back(source.column);
    return columns;
  }

  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const override {
    return read<std::int64_t>(column, [this](const Field& field) { return integer(field); });
  }

  std::vector<std::optional<std::string>> read_texts(std::size_t column) const override {
    return read<std::string>(column, [this](const Field& field) { return std::string(text(field)); });
  }

  ImageFiles read_images(std::size_t column, int /*row_group*/) const override {
    ImageFiles images;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const Field* field = find(i, sources_.at(column).field);
      const std::string_view bytes = field == nullptr ? std::string_view() : text(*field);
      images.files.emplace_back(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    images.bytes = images.files.size() * sizeof(decltype(images.files)::value_type);
    return images;
  }

  std::vector<std::string> read_paths(std::size_t column, int /*row_group*/) const override {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < samples_.size(); ++i)
      paths.push_back(std::string(key_of(i)) + "." + sources_.at(column).field);
    return paths;
  }

  std::string row_name(int /*row_group*/, std::size_t row) const override {
    return "sample " + std::string(key_of(row));
  }

 private:
  struct Field {
    TarEntry entry;
    std::size_t key_length = 0;
    std::string_view key() const { return std::string_view(entry.name).substr(0, key_length); }
    std::string_view name() const { return std::string_view(entry.name).substr(key_length + 1); }
  };
  // A column, the field that it is of, and the key in it where that is an object.
  struct Source {
    Column column;
    std::string field;
    std::string key = {};
  };

  void add(TarEntry entry) {
    const std::size_t start = entry.name.size() - file_name(entry.name).size();
    const std::size_t dot = entry.name.find('.', start);
    if (dot == std::string::npos || dot == start) return;
    const Field field{std::move(entry), dot};
    if (samples_.empty() || fields_.back().key() != field.key()) samples_.push_back(fields_.size());
    if (find(samples_.size() - 1, field.name()) != nullptr)
      throw InputError(place_of(field) + ": is there twice in its sample; remove one");
    fields_.push_back(field);
  }

  std::size_t begin_of(std::size_t sample) const { return samples_.at(sample); }
  std::size_t end_of(std::size_t sample) const {
    return sample + 1 < samples_.size() ? samples_[sample + 1] : fields_.size();
  }
  std::string_view key_of(std::size_t sample) const { return fields_[begin_of(sample)].key(); }

  const Field* find(std::size_t sample, std::string_view name) const {
    for (std::size_t at = begin_of(sample); at < end_of(sample); ++at)
      if (fields_[at].name() == name) return &fields_[at];
    return nullptr;
  }

  std::string_view text(const Field& field) const { return file_.bytes_of(field.entry); }

  std::string place_of(const Field& field) const { return path().string() + ": " + field.entry.name; }

  support::Json json(const Field& field) const {
    return support::parse_python_json(text(field), place_of(field));
  }

  std::int64_t integer(const Field& field) const {
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    std::string_view digits = text(field);
    digits.remove_prefix(std::min(digits.find_first_not_of(kSpace), digits.size()));
    digits = digits.substr(0, digits.find_last_not_of(kSpace) + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
      throw InputError(place_of(field) + ": is no whole number, which its ending announces");
    return value;
  }

  void add_source(Column column, std::string_view field, const std::string& key = "") {
    const auto is_there =
        std::ranges::any_of(sources_, [&](const Source& other) { return other.column.name == column.name; });
    if (!is_there) sources_.push_back({std::move(column), std::string(field), key});
  }

  void add_columns(const Field& field) {
    const std::string name(field.name());
    if (!is_json(name)) {
      const ColumnKind kind = kind_of_field(name);
      return add_source({name, kind, type_of(kind)}, name);
    }
    const support::Json object = json(field);
    if (!object.is_object()) return add_source({name, ColumnKind::kOther, "json"}, name);
    for (const auto& [key, value] : object.items()) {
      const ColumnKind kind = kind_of_value(value);
      if (!value.is_null()) add_source({name + "." + key, kind, type_of(kind)}, name, key);
    }
  }

  // The value of a column in a field that is an object; nothing where it is null or absent.
  template <typename Value>
  std::optional<Value> value_in(const Field& field, const Source& source) const {
    const support::Json object = json(field);
    if (!object.is_object() || !object.contains(source.key) || object.at(source.key).is_null())
      return std::nullopt;
    if (kind_of_value(object.at(source.key)) != source.column.kind)
      throw InputError(place_of(field) + ": \"" + source.key + "\" is no " + source.column.type +
                       ", as it is in the first samples");
    return support::json_get<Value>(object, source.key, place_of(field));
  }

  template <typename Value, typename Read>
  std::vector<std::optional<Value>> read(std::size_t column, const Read& read_field) const {
    const Source& source = sources_.at(column);
    std::vector<std::optional<Value>> values;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const Field* field = find(i, source.field);
      if (field == nullptr) {
        values.emplace_back();
      } else if (source.key.empty()) {
        values.emplace_back(read_field(*field));
      } else {
        values.push_back(value_in<Value>(*field, source));
      }
    }
    return values;
  }

  TarFile file_;
  std::vector<Field> fields_;
  std::vector<std::size_t> samples_;  // the first field of each
  std::vector<Source> sources_;
};

}  // namespace

std::unique_ptr<Shard> open_tar_shard(const fs::path& path) {
  return std::make_unique<TarShard>(path);
}

}  // namespace zoetrope::data
