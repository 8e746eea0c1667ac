// SPDX-License-Identifier: Apache-2.0
#include "image_metadata.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

#include "class_names.hpp"
#include "glob.hpp"
#include "kinds.hpp"
#include "shard_columns.hpp"
#include "table_labels.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFileName = "file_name";
constexpr std::string_view kFileNameEnd = "_file_name";

bool names_files(const Column& column) {
  return column.kind == ColumnKind::kText &&
         (column.name == kFileName || column.name.ends_with(kFileNameEnd));
}

// "left_file_name" has the images of the column "left" of datasets, "file_name" those of "image".
Column as_datasets_has_it(Column column) {
  if (!names_files(column)) return column;
  column.kind = ColumnKind::kImage;
  column.name =
      column.name == kFileName ? "image" : column.name.substr(0, column.name.size() - kFileNameEnd.size());
  return column;
}

// A table whose columns of paths count as images.
class MetadataTable final : public Table {
 public:
  explicit MetadataTable(const fs::path& path) : table_(open_table(path)) {}

  const fs::path& path() const override { return table_->path(); }
  std::vector<Column> columns() const override {
    std::vector<Column> columns = table_->columns();
    std::ranges::transform(columns, columns.begin(), as_datasets_has_it);
    return columns;
  }
  std::string hugging_face_metadata() const override { return table_->hugging_face_metadata(); }
  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const override {
    return table_->read_integers(column);
  }
  std::vector<std::optional<std::string>> read_texts(std::size_t column) const override {
    return table_->read_texts(column);
  }

 private:
  std::unique_ptr<Table> table_;
};

std::unique_ptr<Table> open_metadata(const fs::path& path) {
  return std::make_unique<MetadataTable>(path);
}

std::vector<fs::path> metadata_of(const fs::path& folder, const SplitFiles& split) {
  std::vector<fs::path> files;
  for (const std::string& file : split.files)
    if (is_image_metadata(file_name(file))) files.push_back(folder / file);
  return files;
}

// datasets takes the columns from the first file of each split.
void require_same_columns(const Table& first, const Table& other) {
  const auto sorted = [](const Table& table) {
    std::vector<std::pair<std::string, std::string>> columns;
    for (const Column& column : table.columns()) columns.emplace_back(column.name, column.type);
    std::ranges::sort(columns);
    return columns;
  };
  if (sorted(first) != sorted(other))
    throw InputError(other.path().string() + ": has other columns than " + first.path().string() +
                     ", or others of their types, so that datasets would read neither; write both alike");
}

void require_in_all(const fs::path& folder, const SplitChoice& choice) {
  fs::path known;
  for (const SplitFiles& split : choice.all)
    for (const fs::path& file : metadata_of(folder, split))
      if (known.empty()) known = file;
  for (const SplitFiles& split : choice.all) {
    const auto files = metadata_of(folder, split);
    if (files.empty() && !split.files.empty())
      throw InputError(
          known.string() + ": says what images of its split are, and the split " + split.name +
          " has no such file, without which datasets has no images there; write one, or remove all "
          "of them where folders are the classes");
    for (const fs::path& file : files)
      if (file.extension() != known.extension())
        throw InputError(file.string() + ": is of another kind than " + known.string() +
                         ", and datasets reads metadata of one kind; write both alike");
  }
}

// Else the file is of another separator or another program.
void require_file_names(const std::vector<Column>& columns, const std::string& origin) {
  if (std::ranges::any_of(columns, [](const Column& column) { return column.kind == ColumnKind::kImage; }))
    return;
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  const bool has_other_separator = names.size() == 1 && names[0].find_first_of(";\t|") != std::string::npos;
  throw InputError(origin + ": has no column file_name, which names the images; its columns are " +
                   join_names(names) + (has_other_separator ? " (commas separate them, nothing else)" : ""));
}

[[noreturn]] void refuse_row(const Table& table, std::size_t row, const std::string& reason) {
  throw InputError(table.path().string() + ": row " + std::to_string(row + 1) + ": " + reason);
}

// What the file says cannot lead out of its folder.
fs::path image_path(const Table& table, std::size_t row, const std::optional<std::string>& name) {
  if (!name || name->empty()) refuse_row(table, row, "names no image");
  const fs::path relative = fs::path(*name).lexically_normal();
  if (relative.is_absolute() || *relative.begin() == ".." || name->find("://") != std::string::npos)
    refuse_row(table, row, *name + " leads out of the file's folder, in which the images must lie");
  const fs::path file = table.path().parent_path() / relative;
  if (!support::is_regular_file(file)) refuse_row(table, row, "there is no file " + file.string());
  return file;
}

void add_images(const Table& table, const std::string& image_column, const TableLabels::Rows& labels,
                LabelledImages& images) {
  const auto columns = table.columns();
  const auto place = std::ranges::find(columns, image_column, &Column::name) - columns.begin();
  const auto names = table.read_texts(static_cast<std::size_t>(place));
  for (std::size_t row = 0; row < names.size(); ++row) {
    const auto label = row < labels.size() ? labels[row] : std::nullopt;
    if (!label) refuse_row(table, row, "has no label");
    if (*label < 0 || *label >= std::ssize(images.class_names))
      refuse_row(table, row,
                 "label " + std::to_string(*label) + " is outside the " +
                     std::to_string(images.class_names.size()) + " classes");
    images.entries.push_back({image_path(table, row, names[row]), *label});
  }
}

LabelFiles label_files(const fs::path& folder, const SplitChoice& choice,
                       const std::vector<std::unique_ptr<Table>>& own) {
  LabelFiles files{choice.own.name, choice.other.name, {}, {}, open_metadata, folder};
  for (const auto& table : own) files.own.push_back(table.get());
  for (const SplitFiles& split : choice.all) {
    if (split.name == choice.own.name) continue;
    const auto others = metadata_of(folder, split);
    files.others.insert(files.others.end(), others.begin(), others.end());
  }
  return files;
}

}  // namespace

bool has_metadata(const SplitChoice& choice) {
  return std::ranges::any_of(choice.all, [](const SplitFiles& split) {
    return std::ranges::any_of(split.files,
                               [](std::string_view file) { return is_image_metadata(file_name(file)); });
  });
}

LabelledImages read_image_metadata(const fs::path& folder, const SplitChoice& choice,
                                   const DatasetOptions& options) {
  const auto paths = metadata_of(folder, choice.own);
  require_in_all(folder, choice);
  std::vector<std::unique_ptr<Table>> own;
  for (const fs::path& path : paths) own.push_back(open_metadata(path));
  const LabelFiles files = label_files(folder, choice, own);
  for (const auto& table : own) require_same_columns(*own[0], *table);
  for (const fs::path& path : files.others) require_same_columns(*own[0], *open_metadata(path));
  const std::string origin = paths[0].string();
  const Features features(own[0]->hugging_face_metadata(), origin);
  const auto columns = own[0]->columns();
  require_file_names(columns, origin);
  const std::size_t image_column = choose_column(
      columns, {ColumnKind::kImage}, options.image_column, "--image-column", {"image"},
      [](const std::string&) { return false; }, origin);
  const TableLabels labels(files, features, options.label_column);
  LabelledImages images{{}, labels.class_names()};
  for (std::size_t i = 0; i < own.size(); ++i)
    add_images(*own[i], columns[image_column].name, labels.own()[i], images);
  return images;
}

}  // namespace zoetrope::data
