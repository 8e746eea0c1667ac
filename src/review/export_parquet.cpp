// SPDX-License-Identifier: Apache-2.0
// One row for each image. Written by Apache Arrow's C++ library, the one inside PyPI's pyarrow wheel, where
// the build found it (cmake/exports.cmake).
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/new_file.hpp"

#include "exports.hpp"

#ifndef ZOETROPE_ARROW

namespace zoetrope::review {

void write_parquet(const std::filesystem::path& /*path*/, const ExportData& /*data*/) {
  throw UsageError(
      "--export parquet: this zoetrope was built without Apache Arrow; install pyarrow into .venv and build "
      "again");
}

}  // namespace zoetrope::review

#else

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <nlohmann/json.hpp>
#include <parquet/arrow/writer.h>

namespace zoetrope::review {
namespace {

void check(const arrow::Status& status) {
  if (!status.ok()) throw RunError("the Parquet file cannot be written: " + status.ToString());
}
template <typename T>
T check(arrow::Result<T> result) {
  check(result.status());
  return std::move(result).ValueUnsafe();
}

class Columns {
 public:
  explicit Columns(std::size_t rows) : group_ends_(row_group_ends(std::vector<std::size_t>(rows, 0))) {}

  template <typename Builder, typename Values>
  void add(const std::string& name, const Values& values) {
    Builder builder;
    check(builder.Reserve(static_cast<std::int64_t>(values.size())));
    for (const auto& value : values) check(builder.Append(value));
    add_array(name, check(builder.Finish()));
  }
  void add_ints(const std::string& name, std::span<const std::int64_t> values) {
    add<arrow::Int64Builder>(name, values);
  }
  void add_doubles(const std::string& name, std::span<const double> values) {
    add<arrow::DoubleBuilder>(name, values);
  }
  void add_texts(const std::string& name, const std::vector<std::string>& values) {
    add<arrow::StringBuilder>(name, values);
  }
  void add_vectors(const std::string& name, const std::vector<float>& values, std::int64_t dimensions);
  void add_images(const std::string& name, const std::vector<std::string>& encoded);

  // The rows before which the file's row groups end.
  const std::vector<std::size_t>& group_ends() const { return group_ends_; }
  std::shared_ptr<arrow::Table> table(const std::shared_ptr<arrow::KeyValueMetadata>& metadata) const {
    return arrow::Table::Make(arrow::schema(fields_, metadata), columns_);
  }

 private:
  void add_array(const std::string& name, const std::shared_ptr<arrow::Array>& array) {
    add_parts(name, {array});
  }
  void add_parts(const std::string& name, const arrow::ArrayVector& parts) {
    fields_.push_back(arrow::field(name, parts.front()->type()));
    columns_.push_back(std::make_shared<arrow::ChunkedArray>(parts));
  }

  std::vector<std::shared_ptr<arrow::Field> > fields_;
  std::vector<std::shared_ptr<arrow::ChunkedArray> > columns_;
  std::vector<std::size_t> group_ends_;
};

void Columns::add_vectors(const std::string& name, const std::vector<float>& values,
                          std::int64_t dimensions) {
  arrow::FloatBuilder builder;
  check(builder.AppendValues(values));
  add_array(name, check(arrow::FixedSizeListArray::FromArrays(check(builder.Finish()),
                                                              static_cast<std::int32_t>(dimensions))));
}

// {bytes, path}: the form of an image column that datasets.Image reads without decoding it first. Of each row
// group a part of its own, since an array of bytes holds 2 GiB at most.
void Columns::add_images(const std::string& name, const std::vector<std::string>& encoded) {
  std::vector<std::size_t> sizes;
  for (const std::string& image : encoded) sizes.push_back(image.size());
  group_ends_ = row_group_ends(sizes);
  arrow::ArrayVector parts;
  std::size_t row = 0;
  for (const std::size_t end : group_ends_) {
    arrow::BinaryBuilder bytes;
    arrow::StringBuilder path;
    check(path.AppendNulls(static_cast<std::int64_t>(end - row)));
    for (; row < end; ++row) check(bytes.Append(encoded[row]));
    const arrow::ArrayVector members = {check(bytes.Finish()), check(path.Finish())};
    parts.push_back(check(arrow::StructArray::Make(members, std::vector<std::string>{"bytes", "path"})));
  }
  add_parts(name, parts);
}

void add_frame(Columns& columns, const store::Analysis& a, std::size_t t) {
  support::stop_point();
  const std::size_t images = a.num_images();
  const std::string suffix = "_" + std::to_string(a.step[t]);
  std::vector<double> x;
  std::vector<double> y;
  const auto points = frame_of(a.aligned, t, 2 * images);
  for (std::size_t i = 0; i < images; ++i) {
    x.push_back(points[2 * i]);
    y.push_back(points[2 * i + 1]);
  }
  columns.add_doubles("ood_score" + suffix, frame_of(a.ood_score, t, images));
  columns.add_doubles("x" + suffix, x);
  columns.add_doubles("y" + suffix, y);
  if (!a.prediction.empty()) columns.add_ints("prediction" + suffix, frame_of(a.prediction, t, images));
  if (!a.confidence.empty()) columns.add_doubles("confidence" + suffix, frame_of(a.confidence, t, images));
}

// What `datasets` would otherwise not know of these columns.
std::shared_ptr<arrow::KeyValueMetadata> hugging_face_features(const Review& review) {
  nlohmann::json features = {{"label", {{"_type", "ClassLabel"}, {"names", review.analysis.class_names}}}};
  if (!review.images.pixels.empty()) features["image"] = {{"_type", "Image"}};
  const nlohmann::json info = {{"info", {{"features", features}}}};
  return arrow::key_value_metadata({"huggingface"},
                                   {info.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

}  // namespace

void write_parquet(const std::filesystem::path& path, const ExportData& data) {
  const store::Analysis& a = data.review.analysis;
  Columns columns(a.num_images());
  add_image_columns(columns, data);
  columns.add_ints("label", a.label);
  std::vector<std::string> class_names;
  for (const std::int64_t label : a.label)
    class_names.push_back(a.class_names[static_cast<std::size_t>(label)]);
  columns.add_texts("class_name", class_names);
  for (std::size_t t = 0; t < a.num_frames(); ++t) add_frame(columns, a, t);
  if (!a.prediction.empty()) columns.add_ints("forgetting_events", forgetting_events(a.label, a.prediction));
  if (const auto ranks = label_issue_ranks(a); !ranks.empty())
    columns.add_ints("label_issue_rank", data.of_test(ranks));
  for (const store::Embeddings& e : data.embeddings) {
    columns.add_vectors("embedding_" + std::to_string(e.identity.step), e.values, e.identity.num_columns);
  }
  support::NewFile file(path);
  const auto out = check(arrow::io::FileOutputStream::Open(file.name()));
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
  const auto keep_schema = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  const auto table = columns.table(hugging_face_features(data.review));
  const auto writer = check(parquet::arrow::FileWriter::Open(*table->schema(), arrow::default_memory_pool(),
                                                             out, properties, keep_schema));
  std::size_t row = 0;
  for (const std::size_t end : columns.group_ends()) {
    support::stop_point();
    const auto rows = static_cast<std::int64_t>(end - row);
    check(writer->WriteTable(*table->Slice(static_cast<std::int64_t>(row), rows), rows));
    row = end;
  }
  check(writer->Close());
  check(out->Close());
}

}  // namespace zoetrope::review

#endif
