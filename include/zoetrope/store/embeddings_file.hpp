// SPDX-License-Identifier: Apache-2.0
// One checkpoint's embeddings: shards by rows while ranks compute, then one sealed embeddings.h5. Both hold
// the dataset /embeddings, float32 [rows, D], where the model classifies also /logits, float32 [rows, C], and
// what it belongs to as attributes of the file's root: step, epoch, model_digest, dataset_digest, feature,
// dtype, num_rows (N); a shard also first_row. The attribute zoetrope_digest tells whether a bit has flipped.
// Where the classifier takes what is embedded and nothing else, /classifier_weight, float32 [C, D], and
// /classifier_bias, float32 [C], are there as well; of the shards the first has them.
// Embeddings of training images are in files of their own, embeddings-train.h5 and its shards, which hold
// also /index, int64 [N], and the attribute seed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/support/range.hpp"

namespace zoetrope::store {

// The feature of embeddings that another program has computed.
inline constexpr const char* kGivenFeature = "given";

enum class EmbeddedSplit { kTest, kTrain };
// embeddings.h5 or embeddings-train.h5.
const char* embeddings_file_of(EmbeddedSplit split);

// What embeddings belong to; a shard or file with another identity is stale and is recomputed.
struct EmbeddingsIdentity {
  std::int64_t step = 0;
  double epoch = 0;
  std::string model_digest;    // of its files, see model::StoredModel; of given embeddings their own
  std::string dataset_digest;  // data::Dataset::digest of the embedded split
  std::string feature = "cls";
  std::string dtype = "float32";  // what the forward pass computed in: model::name_of
  std::int64_t num_rows = 0;      // N, the whole split
  std::int64_t num_columns = 0;   // D, the hidden size
  std::int64_t num_classes = 0;   // C, columns of the logits; 0: the model has no classifier
  EmbeddedSplit split = EmbeddedSplit::kTest;
  // Of training images: which of the training split they are [N], ascending, and the seed that drew them.
  std::vector<std::int64_t> index = {};
  std::int64_t seed = 0;

  bool operator==(const EmbeddingsIdentity&) const = default;
};

// logits = embeddings weightᵀ + bias. Both are empty where the classifier takes something else.
struct Classifier {
  std::vector<float> weight;  // row-major [C, D]
  std::vector<float> bias;    // [C]

  bool empty() const { return weight.empty(); }
};

// Rows of embeddings and of logits, row-major.
struct EmbeddedRows {
  std::vector<float> embeddings;  // [rows, D]
  std::vector<float> logits;      // [rows, C]
  Classifier classifier = {};     // is written with row 0
};

// Writes rows [first, first + rows) as embeddings.shard-<first>-<last>.h5 in `checkpoint_folder`.
void write_shard(const std::filesystem::path& checkpoint_folder, const EmbeddingsIdentity& identity,
                 std::int64_t first, const EmbeddedRows& rows);

// The rows held by complete shards of this identity, each range starting and ending after the one before it;
// they may overlap. Every byte of them is read. Stale, damaged and superfluous shards are deleted. Run by one
// rank.
std::vector<support::Range> collect_shards(const std::filesystem::path& checkpoint_folder,
                                           const EmbeddingsIdentity& identity);

// All shards in a checkpoint's folder, whatever they are of, sorted by name.
std::vector<std::filesystem::path> shards_in(const std::filesystem::path& checkpoint_folder);
// Reads all of one. InputError where it is damaged; of one without a digest, of older versions, that is known
// where a number is not finite.
void verify_shard(const std::filesystem::path& shard);

// Row ranges of [0, num_rows) that `present` (sorted) lacks.
std::vector<support::Range> missing_rows(std::int64_t num_rows, const std::vector<support::Range>& present);

// True when embeddings.h5 exists and is of this identity, whatever its values are. A stale one, or one whose
// header is damaged, is false.
bool is_sealed(const std::filesystem::path& checkpoint_folder, const EmbeddingsIdentity& identity);

// Of embeddings.h5; none where it is missing or damaged.
std::optional<EmbeddingsIdentity> sealed_identity(const std::filesystem::path& checkpoint_folder,
                                                  EmbeddedSplit split = EmbeddedSplit::kTest);

// Whether seal() has come to its end: the split's sealed file is there, and no shard.
bool is_seal_finished(const std::filesystem::path& checkpoint_folder, EmbeddedSplit split);

// Where the sealed file is there: a kill may have come before seal() removed all of them. Without it they are
// all that there is, and stay.
void remove_shards(const std::filesystem::path& checkpoint_folder, EmbeddedSplit split);

// Joins the shards into embeddings.h5 and removes them. RunError when rows are missing, or when a shard has
// changed since it was written: that one is removed, so that another attempt computes it. Run by one rank; a
// call after a crash at any point of an earlier one finishes its work. Interrupted where it must stop
// (support/interruption.hpp): the shards are left.
void seal(const std::filesystem::path& checkpoint_folder, const EmbeddingsIdentity& identity);

struct Embeddings {
  EmbeddingsIdentity identity;
  std::vector<float> values;  // row-major [N, D]
  std::vector<float> logits;  // row-major [N, C]
  Classifier classifier = {};
};
// Writes embeddings.h5 at once. RunError.
void write_embeddings(const std::filesystem::path& checkpoint_folder, const Embeddings& embeddings);
// Reads embeddings.h5. InputError when it is missing, damaged or one of its datasets holds other than finite
// numbers.
Embeddings read_embeddings(const std::filesystem::path& checkpoint_folder,
                           EmbeddedSplit split = EmbeddedSplit::kTest);
// Reads all of it, for damage: InputError where a bit has changed since it was written. Of a file without a
// digest, as older versions wrote it, that is known where a number is not finite.
void verify_embeddings(const std::filesystem::path& checkpoint_folder,
                       EmbeddedSplit split = EmbeddedSplit::kTest);
EmbeddingsIdentity read_identity(const std::filesystem::path& checkpoint_folder,
                                 EmbeddedSplit split = EmbeddedSplit::kTest);

// What the header of embeddings.h5 says. InputError when it is missing or damaged.
struct EmbeddingsHeader {
  EmbeddingsIdentity identity;
  std::string content_digest;   // of all values and attributes; "" of a file of older versions
  bool has_classifier = false;  // those of older versions have none
};
EmbeddingsHeader read_header(const std::filesystem::path& checkpoint_folder,
                             EmbeddedSplit split = EmbeddedSplit::kTest);

}  // namespace zoetrope::store
