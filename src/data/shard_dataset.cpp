// SPDX-License-Identifier: Apache-2.0
// Shards as Hugging Face `datasets` writes and the Hub serves them, Parquet or Arrow's own format, and as
// WebDataset does: tar files.
#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/image/decode.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"

#include "kinds.hpp"
#include "parquet/shard.hpp"
#include "readers.hpp"
#include "selection.hpp"
#include "shard_columns.hpp"
#include "shard_files.hpp"
#include "table_labels.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kCacheBytes = std::size_t{1}
                                    << 29;  // of row groups in memory: their images come one by one

struct Place {
  std::size_t shard;
  int row_group;
  std::size_t row;  // in the row group
};

// Of tar files the columns may differ from one to the next.
void require_columns(const Shard& shard, const std::vector<Column>& expected, const fs::path& first) {
  const auto same = [](const Column& a, const Column& b) { return a.name == b.name && a.kind == b.kind; };
  if (!is_tar(shard.path().filename().string()) && !std::ranges::equal(shard.columns(), expected, same))
    throw InputError(shard.path().string() + ": has other columns than " + first.string());
}

std::unique_ptr<Table> open_as_table(const fs::path& path) {
  return open_shard(path);
}

class ShardDataset final : public Dataset {
 public:
  ShardDataset(const fs::path& given, ShardKind kind, Split split, const DatasetOptions& options)
      : kind_(kind) {
    const SplitShards found = find_shards(given, kind, split, options);
    for (const fs::path& path : found.own) shards_.push_back(open_shard(path));
    const std::string origin = shards_[0]->path().string();
    const Features features = found.card.features.is_null()
                                  ? Features(shards_[0]->hugging_face_metadata(), origin)
                                  : Features(found.card);
    const auto columns = shards_[0]->columns();
    if (kind == ShardKind::kParquet) features.require(columns, origin);
    image_column_ = columns[choose_column(
        columns, {ColumnKind::kImage}, options.image_column, "--image-column",
        {"image", "img", "jpg", "jpeg", "png", "webp"},
        [&](const std::string& name) { return features.is(name, "Image"); }, origin)];
    for (const auto& shard : shards_) require_columns(*shard, columns, origin);
    read_labels(found, features, options);
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
                       (kind_ == ShardKind::kTar
                            ? ": holds no " + image_column_.name + ", which is the images' column"
                            : ": holds no image, at most the path of one; write the shard with its images in "
                              "it (datasets.table.embed_table_storage)"));
    return image::decode_image(images->files[place.row], name_of(place));
  }

  std::string name_of(const Place& place) const {
    const Shard& shard = *shards_[place.shard];
    return shard.path().string() + ": " + shard.row_name(place.row_group, place.row);
  }

  void read_labels(const SplitShards& found, const Features& features, const DatasetOptions& options) {
    LabelFiles files{found.split, found.other_split, {}, found.others, open_as_table, found.folder};
    files.numbers_name_classes = kind_ == ShardKind::kTar;
    for (const auto& shard : shards_) files.own.push_back(shard.get());
    const TableLabels labels(files, features, options.label_column);
    class_names_ = labels.class_names();
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) add_rows(shard, labels.own()[shard]);
  }

  void add_rows(std::size_t shard, const TableLabels::Rows& labels) {
    std::size_t next = 0;
    const auto sizes = shards_[shard]->row_group_sizes();
    for (std::size_t group = 0; group < sizes.size(); ++group) {
      for (std::size_t row = 0; row < static_cast<std::size_t>(sizes[group]) && next < labels.size(); ++row) {
        places_.push_back({shard, static_cast<int>(group), row});
        labels_.push_back(checked_label(labels[next++], places_.back()));
      }
    }
  }

  // The image column's place in a shard.
  std::size_t image_column(const Shard& shard) const {
    const auto columns = shard.columns();
    const auto found = std::ranges::find(columns, image_column_.name, &Column::name);
    if (found == columns.end())
      throw InputError(shard.path().string() + ": has no column " + image_column_.name +
                       ", in which the images are elsewhere");
    return static_cast<std::size_t>(found - columns.begin());
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
    for (const std::int64_t i :
         select_images(labels_, class_names_, LimitOrder::kFirst, options, try_out, origin)) {
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
        paths = shards_[place.shard]->read_paths(image_column(*shards_[place.shard]), place.row_group);
      read = &place;
      names.push_back(place.row < paths.size() ? paths[place.row] : "");
    }
    return names;
  }

  // A Parquet file ends with the places, sizes and statistics of all its columns: other images, another end.
  // The other formats have no such end; tar files are many, and share what is looked at.
  std::string end_digest(const fs::path& path) const {
    constexpr std::size_t kParquetBytes = std::size_t{1} << 16, kOtherBytes = std::size_t{256} << 20;
    const support::MappedFile file(path);
    const auto bytes = file.bytes();
    const std::size_t most = kind_ == ShardKind::kTar             ? kOtherBytes / shards_.size()
                             : is_arrow(path.filename().string()) ? kOtherBytes
                                                                  : kParquetBytes;
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
    const Shard& shard = *shards_[place.shard];
    auto images = std::make_shared<const ImageFiles>(shard.read_images(image_column(shard), place.row_group));
    cached_bytes_ += images->bytes;
    cache_.push_front({key, images});
    while (cached_bytes_ > kCacheBytes && cache_.size() > 1) {
      cached_bytes_ -= cache_.back().images->bytes;
      cache_.pop_back();
    }
    return images;
  }

  ShardKind kind_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Column image_column_;
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
  return std::make_unique<ShardDataset>(given, ShardKind::kParquet, split, options);
}

std::unique_ptr<Dataset> open_webdataset(const fs::path& given, Split split, const DatasetOptions& options) {
  return std::make_unique<ShardDataset>(given, ShardKind::kTar, split, options);
}

}  // namespace zoetrope::data
