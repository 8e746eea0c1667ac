// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/embeddings_file.hpp"

#include <algorithm>
#include <cmath>

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "embeddings_shards.hpp"
#include "hdf5.hpp"

namespace zoetrope::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyValues = std::size_t{1} << 22;  // 16 MiB at a time, whatever the size of the split

fs::path sealed_path(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  return checkpoint_folder / embeddings_file_of(split);
}

std::string describe(const std::vector<support::Range>& ranges) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(ranges.size(), 3); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(ranges[i].begin) + " to " + std::to_string(ranges[i].end);
  }
  return ranges.size() > 3 ? text + " and more" : text;
}

// Copies the rows from `next` on of a shard that holds `rows`. All of it is read, for its digest.
void copy_rows(const Hdf5File& shard, const char* name, support::Range rows, std::int64_t next,
               std::int64_t columns, Hdf5File& out) {
  const std::int64_t step = std::max<std::int64_t>(1, static_cast<std::int64_t>(kCopyValues) / columns);
  std::vector<float> block;
  for (std::int64_t row = rows.begin; row < rows.end; row += step) {
    support::stop_point();
    const std::int64_t count = std::min(step, rows.end - row), known = std::clamp(next - row, {}, count);
    block.resize(static_cast<std::size_t>(count * columns));
    shard.read_rows(name, static_cast<std::uint64_t>(row - rows.begin), block);
    out.write_rows(name, static_cast<std::uint64_t>(row + known),
                   std::span(block).subspan(static_cast<std::size_t>(known * columns)));
  }
}

// Copies of one shard, whose values nobody has looked at since they were written.
void copy_shard(const fs::path& path, support::Range rows, std::int64_t next,
                const EmbeddingsIdentity& identity, Hdf5File& out) {
  try {
    const Hdf5File shard = Hdf5File::open(path);
    copy_rows(shard, kEmbeddings, rows, next, identity.num_columns, out);
    if (identity.num_classes > 0) copy_rows(shard, kLogits, rows, next, identity.num_classes, out);
    if (identity.split == EmbeddedSplit::kTrain) shard.read_ints(kIndex);
    const Classifier classifier = read_classifier(shard, identity, path);
    shard.verify();
    if (rows.begin == 0 && !classifier.empty()) write_classifier(out, identity, classifier);
  } catch (const InputError& error) {
    support::remove_file(path);
    throw RunError(std::string(error.what()) +
                   "; it was written moments ago, and is removed: run the same command again");
  }
}

void join(const fs::path& folder, const EmbeddingsIdentity& identity,
          const std::vector<support::Range>& shards) {
  support::AtomicPath target(sealed_path(folder, identity.split));
  Hdf5File file = Hdf5File::create(target.temporary());
  const auto num_rows = static_cast<std::uint64_t>(identity.num_rows);
  file.create_float_rows(kEmbeddings, num_rows, static_cast<std::uint64_t>(identity.num_columns));
  if (identity.num_classes > 0) {
    file.create_float_rows(kLogits, num_rows, static_cast<std::uint64_t>(identity.num_classes));
  }
  std::int64_t next = 0;  // rows before this one are copied already
  for (const support::Range& range : shards) {
    copy_shard(shard_path(folder, identity.split, range), range, next, identity, file);
    next = range.end;
  }
  write_identity(file, identity);
  file.write_digest();
  file.close();
  target.commit();
}

struct ReadValues {
  Embeddings embeddings;
  bool has_digest = false;
};

ReadValues read_values(const fs::path& path) {
  const trace::Span span("reading", path);
  const Hdf5File file = Hdf5File::open(path);
  ReadValues read{{read_sealed_identity(file, path), file.read_floats(kEmbeddings), {}, {}}};
  if (read.embeddings.identity.num_classes > 0) read.embeddings.logits = file.read_floats(kLogits);
  read.embeddings.classifier = read_classifier(file, read.embeddings.identity, path);
  read.has_digest = file.verify();
  return read;
}

void require_all_finite(const Embeddings& embeddings, const fs::path& path) {
  require_finite(embeddings.values, embeddings.identity.num_columns, path, kEmbeddings);
  require_finite(embeddings.logits, embeddings.identity.num_classes, path, kLogits);
  require_finite(embeddings.classifier, embeddings.identity, path);
}

}  // namespace

const char* embeddings_file_of(EmbeddedSplit split) {
  return split == EmbeddedSplit::kTest ? kEmbeddingsFile : kTrainEmbeddingsFile;
}

EmbeddingsIdentity read_sealed_identity(const Hdf5File& file, const fs::path& path) {
  const EmbeddingsIdentity identity = read_identity_of(file, path);
  if (path.filename() != embeddings_file_of(identity.split))
    throw InputError(path.string() + ": is " + embeddings_file_of(identity.split) +
                     " under another name; rename it, or, where its model is there, delete it and run "
                     "zoetrope extract again");
  const std::uint64_t rows = file.info(kEmbeddings).shape.front();
  if (rows != static_cast<std::uint64_t>(identity.num_rows)) {
    throw InputError(path.string() + ": /embeddings: has " + std::to_string(rows) +
                     " rows; its attribute num_rows says " + std::to_string(identity.num_rows) +
                     "; where its model is there, delete it and run zoetrope extract again");
  }
  return identity;
}

void require_finite(std::span<const float> values, std::int64_t num_columns, const fs::path& path,
                    const char* dataset, std::int64_t first_row) {
  const auto bad =
      std::find_if_not(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  throw InputError(
      path.string() + ": " + dataset + ": row " +
      std::to_string(first_row + (bad - values.begin()) / num_columns) +
      " is not finite: the training diverged (try a lower --learning-rate), or the file is damaged "
      "(zoetrope extract makes it again where its model is there)");
}

void require_finite(const Classifier& classifier, const EmbeddingsIdentity& identity, const fs::path& path) {
  require_finite(classifier.weight, identity.num_columns, path, kClassifierWeight);
  require_finite(classifier.bias, 1, path, kClassifierBias);
}

std::vector<support::Range> missing_rows(std::int64_t num_rows, const std::vector<support::Range>& present) {
  std::vector<support::Range> missing;
  std::int64_t next = 0;
  for (const auto& [first, last] : present) {
    if (first > next) missing.push_back({next, first});
    next = std::max(next, last);
  }
  if (next < num_rows) missing.push_back({next, num_rows});
  return missing;
}

std::optional<EmbeddingsIdentity> sealed_identity(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  try {
    return read_identity(checkpoint_folder, split);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

bool is_sealed(const fs::path& checkpoint_folder, const EmbeddingsIdentity& identity) {
  return sealed_identity(checkpoint_folder, identity.split) == identity;
}

void seal(const fs::path& checkpoint_folder, const EmbeddingsIdentity& identity) {
  const trace::Span span("sealing", sealed_path(checkpoint_folder, identity.split));
  if (!is_sealed(checkpoint_folder, identity)) {
    const std::vector<support::Range> present = list_shards(checkpoint_folder, identity);
    if (const auto missing = missing_rows(identity.num_rows, present); !missing.empty()) {
      throw RunError(checkpoint_folder.string() + ": no embeddings of rows " + describe(missing) +
                     "; run zoetrope extract to compute them");
    }
    join(checkpoint_folder, identity, present);
  }
  // Also after a crash between the rename above and this line: then the shards are all that is left to do.
  remove_shards(checkpoint_folder, identity.split);
}

void write_embeddings(const fs::path& checkpoint_folder, const Embeddings& embeddings) {
  const EmbeddingsIdentity& identity = embeddings.identity;
  const trace::Span span("writing embeddings", sealed_path(checkpoint_folder, identity.split));
  const auto rows = static_cast<std::uint64_t>(identity.num_rows);
  support::AtomicPath target(sealed_path(checkpoint_folder, identity.split));
  Hdf5File file = Hdf5File::create(target.temporary());
  file.write(kEmbeddings, std::span(embeddings.values),
             {rows, static_cast<std::uint64_t>(identity.num_columns)});
  if (identity.num_classes > 0)
    file.write(kLogits, std::span(embeddings.logits),
               {rows, static_cast<std::uint64_t>(identity.num_classes)});
  write_identity(file, identity);
  file.write_digest();
  file.close();
  target.commit();
}

EmbeddingsIdentity read_identity(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  const trace::Span span("reading the identity", sealed_path(checkpoint_folder, split));
  return read_sealed_identity(Hdf5File::open(sealed_path(checkpoint_folder, split)),
                              sealed_path(checkpoint_folder, split));
}

EmbeddingsHeader read_header(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  const trace::Span span("reading the identity", sealed_path(checkpoint_folder, split));
  const Hdf5File file = Hdf5File::open(sealed_path(checkpoint_folder, split));
  return {read_sealed_identity(file, sealed_path(checkpoint_folder, split)), file.content_digest(),
          file.has(kClassifierWeight)};
}

Embeddings read_embeddings(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  Embeddings embeddings = read_values(sealed_path(checkpoint_folder, split)).embeddings;
  require_all_finite(embeddings, sealed_path(checkpoint_folder, split));
  return embeddings;
}

void verify_embeddings(const fs::path& checkpoint_folder, EmbeddedSplit split) {
  const ReadValues read = read_values(sealed_path(checkpoint_folder, split));
  if (!read.has_digest) require_all_finite(read.embeddings, sealed_path(checkpoint_folder, split));
}

}  // namespace zoetrope::store
