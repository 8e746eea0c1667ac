// SPDX-License-Identifier: Apache-2.0
// Arrow's own format, as `datasets` writes it to disk: a stream of record batches, or a file of them.
#include <algorithm>
#include <utility>

#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/memory_pool.h>

#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"

#include "../memory_bound.hpp"
#include "arrow_values.hpp"
#include "formats.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr const char* kArrowKind = "an Arrow";

// The batches are views of the mapped file, unless they are compressed.
class ArrowShard final : public Shard {
 public:
  explicit ArrowShard(const fs::path& path)
      : file_(path),
        memory_(arrow::MemoryPool::CreateDefault()),
        pool_(memory_.get(), believed_bytes(file_bytes())) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(file_.bytes().data());
    const auto source =
        std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(data, file_bytes()));
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.memory_pool = &pool_;
    options.use_threads = false;
    options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
    constexpr std::string_view kFileMagic = "ARROW1";
    const std::string_view start(reinterpret_cast<const char*>(data), file_.bytes().size());
    start.starts_with(kFileMagic) ? read_file(source, options) : read_stream(source, options);
  }

  const fs::path& path() const override { return file_.path(); }
  std::vector<Column> columns() const override { return columns_of(*schema_); }
  std::string hugging_face_metadata() const override { return hugging_face_metadata_of(*schema_); }

  std::vector<std::int64_t> row_group_sizes() const override {
    std::vector<std::int64_t> sizes;
    for (const auto& batch : batches_) sizes.push_back(batch->num_rows());
    return sizes;
  }

  std::vector<std::optional<std::int64_t>> read_integers(std::size_t column) const override {
    std::vector<std::optional<std::int64_t>> values;
    for (const auto& batch : batches_) append_integers(*checked(batch, column, ""), values);
    return values;
  }

  Texts read_texts(std::size_t column) const override {
    Texts values;
    for (const auto& batch : batches_) append_texts(*checked(batch, column, ""), values);
    return values;
  }

  ImageFiles read_images(std::size_t column, int row_group) const override {
    const auto batch = batches_.at(static_cast<std::size_t>(row_group));
    ImageFiles images;
    images.owner = batch;
    append_files(*checked(batch, column, "bytes"), images);
    return images;
  }

  std::vector<std::string> read_paths(std::size_t column, int row_group) const override {
    Texts paths;
    const auto batch = batches_.at(static_cast<std::size_t>(row_group));
    const auto& type = *batch->schema()->field(static_cast<int>(column))->type();
    if (type.id() != arrow::Type::STRUCT) return {};
    if (static_cast<const arrow::StructType&>(type).GetFieldIndex("path") < 0) return {};
    append_texts(*checked(batch, column, "path"), paths);
    return without_nulls(paths);
  }

 private:
  using Batch = std::shared_ptr<arrow::RecordBatch>;

  std::int64_t file_bytes() const { return static_cast<std::int64_t>(file_.bytes().size()); }

  void read_stream(const std::shared_ptr<arrow::io::BufferReader>& source,
                   const arrow::ipc::IpcReadOptions& options) {
    const auto reader =
        require_ok(arrow::ipc::RecordBatchStreamReader::Open(source, options), path(), kArrowKind);
    schema_ = reader->schema();
    while (true) {
      support::stop_point();
      Batch batch;
      require_ok(reader->ReadNext(&batch), path(), kArrowKind);
      if (batch == nullptr) return require_end_mark(require_ok(source->Tell(), path(), kArrowKind));
      add(std::move(batch));
    }
  }

  // A stream that is cut between two batches would else be a shorter one.
  void require_end_mark(std::int64_t end) const {
    constexpr std::string_view kMark("\xff\xff\xff\xff\0\0\0\0", 8);
    const std::string_view read(reinterpret_cast<const char*>(file_.bytes().data()),
                                static_cast<std::size_t>(end));
    if (!read.ends_with(kMark))
      refuse_file(path(), kArrowKind, "it ends too early, without its mark of the end");
  }

  void read_file(const std::shared_ptr<arrow::io::RandomAccessFile>& source,
                 const arrow::ipc::IpcReadOptions& options) {
    const auto reader =
        require_ok(arrow::ipc::RecordBatchFileReader::Open(source, options), path(), kArrowKind);
    schema_ = reader->schema();
    for (int i = 0; i < reader->num_record_batches(); ++i) {
      support::stop_point();
      add(require_ok(reader->ReadRecordBatch(i), path(), kArrowKind));
    }
  }

  // A batch whose columns have no buffers may claim any number of rows.
  void add(Batch batch) {
    rows_ += std::clamp<std::int64_t>(batch->num_rows(), 0, file_bytes() + 1);
    if (rows_ > kMostImagesPerFileByte * file_bytes()) refuse_values(path(), kArrowKind, file_bytes());
    batches_.push_back(std::move(batch));
  }

  // A column, or a field of its structs, whose offsets all lie within the file.
  std::shared_ptr<arrow::Array> checked(const Batch& batch, std::size_t column,
                                        const std::string& field) const {
    std::shared_ptr<arrow::Array> values = batch->column(static_cast<int>(column));
    require_ok(values->Validate(), path(), kArrowKind);
    if (values->type_id() == arrow::Type::STRUCT)
      values =
          require_ok(static_cast<const arrow::StructArray&>(*values).GetFlattenedField(
                         static_cast<const arrow::StructType&>(*values->type()).GetFieldIndex(field), &pool_),
                     path(), kArrowKind);
    require_ok(values->ValidateFull(), path(), kArrowKind);
    return values;
  }

  support::MappedFile file_;
  std::unique_ptr<arrow::MemoryPool> memory_;
  mutable arrow::CappedMemoryPool pool_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Batch> batches_;
  std::int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<Shard> open_arrow_shard(const fs::path& path) {
  return std::make_unique<ArrowShard>(path);
}

}  // namespace zoetrope::data
