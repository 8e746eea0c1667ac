// SPDX-License-Identifier: Apache-2.0
#include "embeddings_shards.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/trace.hpp"

#include "number_checks.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kShardSuffix = ".h5";

constexpr std::string_view prefix_of(EmbeddedSplit split) {
  return split == EmbeddedSplit::kTest ? "embeddings.shard-" : "embeddings-train.shard-";
}

// Takes a number off the front of `text`.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The rows in "embeddings.shard-<first>-<last>.h5", or nothing for any other name.
std::optional<support::Range> rows_in_name(const std::string& name, EmbeddedSplit split) {
  std::string_view text = name;
  if (!text.starts_with(prefix_of(split)) || !text.ends_with(kShardSuffix)) return std::nullopt;
  text.remove_prefix(prefix_of(split).size());
  text.remove_suffix(kShardSuffix.size());
  const auto first = take_number(text);
  if (!first || !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const auto last = take_number(text);
  if (!last || !text.empty() || *last <= *first) return std::nullopt;
  return support::Range{*first, *last};
}

std::vector<fs::path> shards_of(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  std::vector<fs::path> shards;
  for (const std::string& name : support::names_in(checkpoint_folder))
    if (name.starts_with(prefix_of(split))) shards.push_back(checkpoint_folder / name);
  return shards;
}

// For damage, which in a shard of older versions, without a digest, shows where a number is not finite.
void read_all(const Hdf5File& shard, const EmbeddingsIdentity& identity, const fs::path& path) {
  const std::vector<float> values = shard.read_floats(kEmbeddings);
  const std::vector<float> logits =
      identity.num_classes > 0 ? shard.read_floats(kLogits) : std::vector<float>{};
  const Classifier classifier = read_classifier(shard, identity, path);
  if (shard.verify()) return;
  require_finite(values, identity.num_columns, path, kEmbeddings);
  require_finite(logits, identity.num_classes, path, kLogits);
  require_finite(classifier, identity, path);
}

bool is_complete_shard(const fs::path& path, support::Range rows, const EmbeddingsIdentity& identity,
                       bool reads_values) {
  try {
    const Hdf5File file = Hdf5File::open(path);
    const std::vector<std::uint64_t> shape = file.expect(kEmbeddings, ElementType::kFloat32).shape;
    if (read_identity_of(file, path) != identity || file.int_attribute("/", "first_row") != rows.begin ||
        shape.front() != static_cast<std::uint64_t>(rows.size()) || rows.end > identity.num_rows)
      return false;
    if (reads_values) read_all(file, identity, path);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

std::vector<support::Range> find_shards(const fs::path& checkpoint_folder, const EmbeddingsIdentity& identity,
                                        bool reads_values) {
  std::vector<std::pair<support::Range, fs::path>> complete;
  for (const fs::path& path : shards_of(checkpoint_folder, identity.split)) {
    const auto rows = rows_in_name(path.filename().string(), identity.split);
    if (rows && is_complete_shard(path, *rows, identity, reads_values)) {
      complete.emplace_back(*rows, path);
    } else {
      support::remove_file(path);
    }
  }
  // Shards of blocks of another size may overlap: one goes only if those before it hold all of its rows. Of
  // shards that start at the same row the longest comes first.
  std::sort(complete.begin(), complete.end(), [](const auto& a, const auto& b) {
    return a.first.begin != b.first.begin ? a.first.begin < b.first.begin : a.first.end > b.first.end;
  });
  std::vector<support::Range> rows;
  for (const auto& [range, path] : complete) {
    if (rows.empty() || range.end > rows.back().end) {
      rows.push_back(range);
    } else {
      support::remove_file(path);
    }
  }
  return rows;
}

}  // namespace

fs::path shard_path(const fs::path& checkpoint_folder, EmbeddedSplit split, support::Range rows) {
  return checkpoint_folder / (std::string(prefix_of(split)) + std::to_string(rows.begin) + "-" +
                              std::to_string(rows.end) + std::string(kShardSuffix));
}

namespace {

bool has_sealed_file(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  return support::is_listed(checkpoint_folder / embeddings_file_of(split));
}

}  // namespace

bool is_seal_finished(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  return has_sealed_file(checkpoint_folder, split) && shards_of(checkpoint_folder, split).empty();
}

void remove_shards(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  if (!has_sealed_file(checkpoint_folder, split)) return;
  for (const fs::path& path : shards_of(checkpoint_folder, split)) support::remove_file(path);
}

std::vector<fs::path> shards_in(const fs::path& checkpoint_folder) {
  std::vector<fs::path> shards = shards_of(checkpoint_folder, EmbeddedSplit::kTest);
  const std::vector<fs::path> of_training = shards_of(checkpoint_folder, EmbeddedSplit::kTrain);
  shards.insert(shards.end(), of_training.begin(), of_training.end());
  return shards;
}

void verify_shard(const fs::path& shard) {
  const Hdf5File file = Hdf5File::open(shard);
  read_all(file, read_identity_of(file, shard), shard);
}

void write_classifier(Hdf5File& file, const EmbeddingsIdentity& identity, const Classifier& classifier) {
  const auto columns = static_cast<std::uint64_t>(identity.num_columns);
  const auto classes = static_cast<std::uint64_t>(identity.num_classes);
  file.write(kClassifierWeight, std::span(classifier.weight), {classes, columns});
  file.write(kClassifierBias, std::span(classifier.bias), {classes});
}

Classifier read_classifier(const Hdf5File& file, const EmbeddingsIdentity& identity, const fs::path& path) {
  if (!file.has(kClassifierWeight)) return {};
  const auto columns = static_cast<std::uint64_t>(identity.num_columns);
  const auto classes = static_cast<std::uint64_t>(identity.num_classes);
  const auto expect = [&](const char* name, const std::vector<std::uint64_t>& shape) {
    if (file.expect(name, ElementType::kFloat32).shape != shape)
      throw InputError(path.string() + ": " + name +
                       ": is of another shape than a classifier of these embeddings and logits; where its "
                       "model is there, delete it and run zoetrope extract again");
  };
  expect(kClassifierWeight, {classes, columns});
  expect(kClassifierBias, {classes});
  return {file.read_floats(kClassifierWeight), file.read_floats(kClassifierBias)};
}

void write_identity(Hdf5File& file, const EmbeddingsIdentity& identity) {
  file.set_attribute("/", "step", identity.step);
  file.set_attribute("/", "epoch", identity.epoch);
  file.set_attribute("/", "model_digest", identity.model_digest);
  file.set_attribute("/", "dataset_digest", identity.dataset_digest);
  file.set_attribute("/", "feature", identity.feature);
  file.set_attribute("/", "dtype", identity.dtype);
  file.set_attribute("/", "num_rows", identity.num_rows);
  if (identity.split == EmbeddedSplit::kTest) return;
  file.set_attribute("/", "seed", identity.seed);
  file.write(kIndex, std::span(identity.index), {identity.index.size()});
}

namespace {

// What says which training images the rows are of.
void read_sample(const Hdf5File& file, const fs::path& path, EmbeddingsIdentity& identity) {
  if (!file.has(kIndex)) return;
  identity.split = EmbeddedSplit::kTrain;
  identity.seed = file.int_attribute("/", "seed");
  identity.index = file.read_ints(kIndex);
  const bool is_ascending =
      std::ranges::adjacent_find(identity.index, std::greater_equal{}) == identity.index.end();
  if (static_cast<std::int64_t>(identity.index.size()) != identity.num_rows || !is_ascending ||
      (!identity.index.empty() && identity.index.front() < 0))
    throw InputError(
        path.string() + ": /index: does not name " + std::to_string(identity.num_rows) +
        " images of the training split in their order; where its model is there, delete it and run zoetrope "
        "extract again");
}

}  // namespace

EmbeddingsIdentity read_identity_of(const Hdf5File& file, const fs::path& path) {
  const std::vector<std::uint64_t> shape = file.expect(kEmbeddings, ElementType::kFloat32).shape;
  if (shape.size() != 2) {
    throw InputError(path.string() + ": /embeddings: has " + std::to_string(shape.size()) +
                     " dimensions, not 2");
  }
  EmbeddingsIdentity identity;
  identity.step = file.int_attribute("/", "step");
  identity.epoch = file.double_attribute("/", "epoch");
  if (!is_step(identity.step) || !is_epoch(identity.epoch)) {
    throw InputError(
        path.string() + ": its attributes step and epoch are " + std::to_string(identity.step) + " and " +
        std::to_string(identity.epoch) +
        ", which no training comes to; where its model is there, delete it and run zoetrope extract again");
  }
  identity.model_digest = file.string_attribute("/", "model_digest");
  identity.dataset_digest = file.string_attribute("/", "dataset_digest");
  identity.feature = file.string_attribute("/", "feature");
  identity.dtype = file.string_attribute("/", "dtype");
  identity.num_rows = file.int_attribute("/", "num_rows");
  identity.num_columns = static_cast<std::int64_t>(shape[1]);
  if (file.has(kLogits)) {
    const std::vector<std::uint64_t> logits = file.expect(kLogits, ElementType::kFloat32).shape;
    if (logits.size() != 2 || logits[0] != shape[0]) {
      throw InputError(path.string() + ": /logits: does not have a row for each of /embeddings");
    }
    identity.num_classes = static_cast<std::int64_t>(logits[1]);
  }
  read_sample(file, path, identity);
  return identity;
}

void write_shard(const fs::path& checkpoint_folder, const EmbeddingsIdentity& identity, std::int64_t first,
                 const EmbeddedRows& rows) {
  const trace::Span span("writing a shard", "rows", first);
  const auto columns = static_cast<std::size_t>(std::max<std::int64_t>(identity.num_columns, 0));
  const auto classes = static_cast<std::size_t>(std::max<std::int64_t>(identity.num_classes, 0));
  const std::size_t count = columns == 0 ? 0 : rows.embeddings.size() / columns;
  if (count == 0 || rows.embeddings.size() % columns != 0 || rows.logits.size() != count * classes ||
      first < 0 || static_cast<std::int64_t>(count) > identity.num_rows - first) {
    throw RunError(checkpoint_folder.string() + ": " + std::to_string(rows.embeddings.size()) +
                   " values from row " + std::to_string(first) + " on are no rows of embeddings of " +
                   std::to_string(identity.num_rows) + " x " + std::to_string(identity.num_columns));
  }
  support::AtomicPath target(
      shard_path(checkpoint_folder, identity.split, {first, first + static_cast<std::int64_t>(count)}));
  Hdf5File file = Hdf5File::create(target.temporary());
  file.write(kEmbeddings, std::span(rows.embeddings), {count, columns});
  if (classes > 0) file.write(kLogits, std::span(rows.logits), {count, classes});
  if (first == 0 && !rows.classifier.empty()) write_classifier(file, identity, rows.classifier);
  write_identity(file, identity);
  file.set_attribute("/", "first_row", first);
  file.write_digest();
  file.close();
  target.commit();
}

std::vector<support::Range> collect_shards(const fs::path& checkpoint_folder,
                                           const EmbeddingsIdentity& identity) {
  return find_shards(checkpoint_folder, identity, /*reads_values=*/true);
}

std::vector<support::Range> list_shards(const fs::path& checkpoint_folder,
                                        const EmbeddingsIdentity& identity) {
  return find_shards(checkpoint_folder, identity, /*reads_values=*/false);
}

}  // namespace zoetrope::store
