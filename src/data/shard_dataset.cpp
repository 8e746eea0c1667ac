// SPDX-License-Identifier: Apache-2.0
// Shards as Hugging Face `datasets` writes and the Hub serves them: Parquet, or Arrow's own format.
#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"

#include "class_names.hpp"
#include "decode.hpp"
#include "parquet/shard.hpp"
#include "parquet_columns.hpp"
#include "parquet_files.hpp"
#include "readers.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kCacheBytes = std::size_t{1}
                                    << 29;  // of row groups in memory: their images come one by one

// The names in one file of the other split; none where it cannot be told: who opens that split says why.
std::vector<std::string> other_class_names(const std::vector<fs::path>& shards, const std::string& column) {
  if (shards.empty()) return {};
  try {
    const std::string origin = shards[0].string();
    return Features(open_shard(shards[0])->hugging_face_metadata(), origin).class_names(column, origin);
  } catch (const InputError&) {
    return {};
  }
}

struct Place {
  std::size_t shard;
  int row_group;
  std::size_t row;  // in the row group
};

class ParquetDataset final : public Dataset {
 public:
  ParquetDataset(const fs::path& given, Split split, const DatasetOptions& options) {
    const SplitShards found = find_shards(given, split, options);
    const fs::path folder = fs::is_directory(given) ? given : given.parent_path();
    for (const fs::path& path : found.own) shards_.push_back(open_shard(path));
    const std::string origin = shards_[0]->path().string();
    const Features features(shards_[0]->hugging_face_metadata(), origin);
    const auto columns = shards_[0]->columns();
    image_column_ = choose_column(
        columns, ColumnKind::kImage, options.image_column, "--image-column", {"image", "img"},
        [&](const std::string& name) { return features.is(name, "Image"); }, origin);
    label_column_ = choose_column(
        columns, ColumnKind::kInteger, options.label_column, "--label-column",
        {"label", "labels", "fine_label"},
        [&](const std::string& name) { return features.is(name, "ClassLabel"); }, origin);
    const std::string& label_name = columns[label_column_].name;
    class_names_ = features.class_names(label_name, origin);
    if (!class_names_.empty()) refuse_other_classes(found.others, label_name);
    if (class_names_.empty()) class_names_ = class_names_in(folder).value_or(std::vector<std::string>{});
    if (class_names_.empty())
      throw InputError(origin + ": column " + label_name +
                       " is no ClassLabel; name the classes, one a line, in " +
                       (folder / "class_names.txt").string());
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) add_rows(shard, columns);
    select(options, given.string());
    digest_ = make_digest();
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(places_.size()); }
  std::int64_t label(std::int64_t index) const override {
    return labels_.at(static_cast<std::size_t>(index));
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::string& digest() const override { return digest_; }
  std::string image_name(std::int64_t index) const override {
    const std::lock_guard lock(mutex_);
    if (names_.empty()) names_ = read_names();
    return names_.at(static_cast<std::size_t>(index));
  }
  Image image(std::int64_t index) const override {
    return with_way_out([&] { return decode(places_.at(static_cast<std::size_t>(index))); });
  }

 private:
  using Key = std::pair<std::size_t, int>;
  struct Cached {
    Key key;
    std::shared_ptr<const ImageFiles> images;
  };

  Image decode(const Place& place) const {
    const std::shared_ptr<const ImageFiles> images = row_group(place);
    if (place.row >= images->files.size() || images->files[place.row].empty())
      throw InputError(name_of(place) +
                       ": holds no image, at most the path of one; write the shard with its images in it "
                       "(datasets.table.embed_table_storage)");
    return decode_image(images->files[place.row], name_of(place));
  }

  std::string name_of(const Place& place) const {
    return shards_[place.shard]->path().string() + ": row group " + std::to_string(place.row_group) +
           ", row " + std::to_string(place.row);
  }

  // One model learns from one split and is asked about the other: a label must mean the same class in both.
  void refuse_other_classes(const std::vector<fs::path>& others, const std::string& column) const {
    const std::vector<std::string> names = other_class_names(others, column);
    if (!names.empty() && names != class_names_)
      throw InputError(others[0].string() + ": the ClassLabel " + column + " has other names than that of " +
                       shards_[0]->path().string() +
                       "; cast both splits to the same features (datasets' cast_column)");
  }

  void add_rows(std::size_t shard, const std::vector<Column>& expected) {
    support::stop_point();
    const Shard& file = *shards_[shard];
    const auto same = [](const Column& a, const Column& b) { return a.name == b.name && a.kind == b.kind; };
    if (!std::ranges::equal(file.columns(), expected, same))
      throw InputError(file.path().string() + ": has other columns than " + shards_[0]->path().string());
    const auto labels = file.read_integers(label_column_);
    std::size_t next = 0;
    const auto sizes = file.row_group_sizes();
    for (std::size_t group = 0; group < sizes.size(); ++group) {
      for (std::size_t row = 0; row < static_cast<std::size_t>(sizes[group]) && next < labels.size(); ++row) {
        places_.push_back({shard, static_cast<int>(group), row});
        labels_.push_back(checked_label(labels[next++], places_.back()));
      }
    }
  }

  std::int64_t checked_label(std::optional<std::int64_t> label, const Place& place) const {
    if (label && *label >= 0 && static_cast<std::size_t>(*label) < class_names_.size()) return *label;
    throw InputError(
        name_of(place) + ": label " + (label ? std::to_string(*label) : "null") + " is outside the " +
        std::to_string(class_names_.size()) +
        " classes; a split without labels cannot be used (--train-split and --test-split name others)");
  }

  void select(const DatasetOptions& options, const std::string& origin) {
    const auto try_out = [this](std::int64_t i) { decode(places_[static_cast<std::size_t>(i)]); };
    std::vector<Place> places;
    std::vector<std::int64_t> labels;
    for (const std::int64_t i : select_images(size(), LimitOrder::kFirst, options, try_out, origin)) {
      places.push_back(places_[static_cast<std::size_t>(i)]);
      labels.push_back(labels_[static_cast<std::size_t>(i)]);
    }
    places_ = std::move(places);
    labels_ = std::move(labels);
  }

  std::string make_digest() const {
    support::Sha256 sha;
    for (const std::string& name : class_names_) sha.update(name + "\n");
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const Place& place = places_[i];
      sha.update(std::to_string(place.shard) + " " + std::to_string(place.row_group) + " " +
                 std::to_string(place.row) + " " + std::to_string(labels_[i]) + "\n");
    }
    for (const auto& shard : shards_) {
      support::stop_point();
      sha.update(end_digest(shard->path()));
    }
    return sha.hex();
  }

  // Of all places, which lie row group after row group.
  std::vector<std::string> read_names() const {
    std::vector<std::string> names, paths;
    const Place* read = nullptr;
    for (const Place& place : places_) {
      if (read == nullptr || read->shard != place.shard || read->row_group != place.row_group)
        paths = shards_[place.shard]->read_paths(image_column_, place.row_group);
      read = &place;
      names.push_back(place.row < paths.size() ? paths[place.row] : "");
    }
    return names;
  }

  // A Parquet file ends with the places, sizes and statistics of all its columns: other images, another end.
  // Arrow's format has no such end.
  static std::string end_digest(const fs::path& path) {
    constexpr std::size_t kParquetBytes = std::size_t{1} << 16, kArrowBytes = std::size_t{256} << 20;
    const support::MappedFile file(path);
    const auto bytes = file.bytes();
    const std::size_t most = is_arrow_file(path) ? kArrowBytes : kParquetBytes;
    return support::sha256_hex(bytes.last(std::min(bytes.size(), most))) + " " + std::to_string(bytes.size());
  }

  // Row groups are read whole and kept, the least lately used dropped first. Decoding happens outside the
  // lock.
  std::shared_ptr<const ImageFiles> row_group(const Place& place) const {
    const std::lock_guard lock(mutex_);
    const Key key{place.shard, place.row_group};
    const auto found = std::ranges::find(cache_, key, &Cached::key);
    if (found != cache_.end()) {
      cache_.splice(cache_.begin(), cache_, found);
      return found->images;
    }
    auto images =
        std::make_shared<const ImageFiles>(shards_[place.shard]->read_images(image_column_, place.row_group));
    cached_bytes_ += images->bytes;
    cache_.push_front({key, images});
    while (cached_bytes_ > kCacheBytes && cache_.size() > 1) {
      cached_bytes_ -= cache_.back().images->bytes;
      cache_.pop_back();
    }
    return images;
  }

  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t image_column_ = 0;
  std::size_t label_column_ = 0;
  std::vector<Place> places_;
  std::vector<std::int64_t> labels_;
  std::vector<std::string> class_names_;
  std::string digest_;
  mutable std::mutex mutex_;                // of the shards, and of what follows
  mutable std::vector<std::string> names_;  // read when the first is asked for
  mutable std::list<Cached> cache_;
  mutable std::size_t cached_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> open_parquet(const fs::path& given, Split split, const DatasetOptions& options) {
  return std::make_unique<ParquetDataset>(given, split, options);
}

}  // namespace zoetrope::data
