// SPDX-License-Identifier: Apache-2.0
// Extraction under mpirun: the same bits on any number of ranks and threads, from a checkpoint or in situ.
#include "zoetrope/embed/extract.hpp"

#include <cstdlib>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "extractor.hpp"
#include "tensor_dataset.hpp"
#include "tensors.hpp"

namespace zoetrope::embed {
namespace {

using testing::golden;

constexpr std::int64_t kImages = 2003;  // prime: the last block is short

class Extract : public ::testing::Test {
 protected:
  Extract() {
    at::set_num_threads(2);
    const at::Tensor base =
        at::arange(kImages * 784, at::kLong).mul(2654435761).bitwise_and(0xff).to(at::kByte);
    // Less memory than the images take: some are made again for every block.
    images_ = testing::cache_of({base.view({kImages, 1, 28, 28}), at::arange(kImages).remainder(10)},
                                preprocessor_, kImages * 784 / 2);
  }

  static std::unique_ptr<comm::World> make_world() {
    int argc = 0;
    char** argv = nullptr;
    return std::make_unique<comm::World>(argc, argv);
  }
  comm::Communicator& comm() { return world_->communicator(); }

  model::Vit make_model(std::uint64_t seed) const {
    model::Vit model(model::load_checkpoint(golden("vit-tiny")).config());
    model::initialize(model, seed);
    return model;
  }

  // Of checkpoint-0, which holds this model.
  store::EmbeddingsIdentity identity_of(const model::Vit& model) const {
    store::EmbeddingsIdentity identity;
    identity.model_digest = digest_of(0);
    identity.dataset_digest = "digest";
    identity.num_rows = kImages;
    identity.num_columns = model.config().hidden_size;
    identity.num_classes = model.config().num_labels();
    return identity;
  }

  std::string digest_of(std::int64_t step) const {
    return model::StoredModel(run_.checkpoint(step)).digest().value();
  }

  void save_checkpoint(std::int64_t step) {
    if (comm().rank() == 0) {
      std::filesystem::create_directories(run_.checkpoint(step));
      model::save_model(make_model(static_cast<std::uint64_t>(step)), run_.checkpoint(step));
    }
    comm().barrier();
  }

  ExtractionInput input() { return {*images_, "digest", preprocessor_}; }

  // All images on one thread, without ranks or files.
  store::EmbeddedRows expected(std::int64_t step) {
    const model::Vit model = make_model(static_cast<std::uint64_t>(step));
    const std::int64_t size = block_size(model.config());
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    auto rows = embed_blocks(model, *images_, preprocessor_, model::Precision::kFloat32, 0,
                             (kImages + size - 1) / size);
    at::set_num_threads(threads);
    return rows;
  }

  void expect_bits(std::int64_t step) {
    const auto stored = store::read_embeddings(run_.checkpoint(step));
    const auto wanted = expected(step);
    EXPECT_TRUE(stored.values == wanted.embeddings) << "checkpoint-" << step;
    EXPECT_TRUE(stored.logits == wanted.logits) << "checkpoint-" << step;
    EXPECT_EQ(stored.identity.model_digest, digest_of(step));
  }

  std::unique_ptr<comm::World> world_ = make_world();
  const store::RunDirectory run_{std::filesystem::current_path()};  // one folder for all ranks
  preprocess::PreprocessorConfig preprocessor_{.size = {28, 28, false, 0, 0}};
  std::unique_ptr<preprocess::ImageCache> images_;
};

TEST_F(Extract, RunsOnTheRanksAskedFor) {
  ASSERT_NE(std::getenv("ZOETROPE_TEST_RANKS"), nullptr);
  EXPECT_EQ(std::to_string(comm().size()), std::getenv("ZOETROPE_TEST_RANKS"));
}

TEST_F(Extract, IsTheSameBitsOnAnyNumberOfRanks) {
  const std::vector<std::int64_t> steps = {0, 20, 40, 60,
                                           80};  // more than ranks and not a multiple: both ways of dealing
  for (const std::int64_t step : steps) save_checkpoint(step);

  const auto result = extract(run_, steps, input(), comm());

  EXPECT_EQ(result.images, 5 * kImages);
  for (const std::int64_t step : steps) expect_bits(step);
}

// What is to be written is written at the end, as it may be beside a training.
TEST_F(Extract, OfAModelInMemoryIsTheSameBitsAsFromTheCheckpoint) {
  const model::Vit model = make_model(7);
  std::vector<std::function<void(const std::string&)>> tasks;
  const model::CheckpointInMemory checkpoint{7, 0.5, model, std::nullopt, [&](std::int64_t, auto task) {
                                               EXPECT_EQ(comm().rank(), 0);
                                               tasks.push_back(std::move(task));
                                             }};

  EXPECT_EQ(extract_in_memory(run_, checkpoint, input(), comm()), input().images.labels().size(0));
  save_checkpoint(7);
  for (const auto& task : tasks) task(digest_of(7));
  comm().barrier();

  expect_bits(7);
  EXPECT_EQ(store::read_identity(run_.checkpoint(7)).epoch, 0.5);
}

TEST_F(Extract, OfAModelInMemoryDoesNothingTwice) {
  save_checkpoint(0);
  extract(run_, {0}, input(), comm());
  const model::Vit model = make_model(0);
  int calls = 0;

  const auto embedded = extract_in_memory(
      run_, {0, 0, model, digest_of(0), [&](std::int64_t, const auto&) { ++calls; }}, input(), comm());

  EXPECT_EQ(embedded, 0);
  EXPECT_EQ(calls, 0);
}

TEST_F(Extract, DoesNothingTwice) {
  save_checkpoint(0);
  extract(run_, {0}, input(), comm());
  EXPECT_EQ(extract(run_, {0}, input(), comm()).images, 0);
}

TEST_F(Extract, TakesUpTheShardsOfAnEarlierAttempt) {
  save_checkpoint(0);
  const model::Vit model = make_model(0);
  const std::int64_t size = block_size(model.config());
  // A whole shard of this identity, recognisable by values that no model computes.
  if (comm().rank() == 0) {
    store::EmbeddingsIdentity identity = identity_of(model);
    store::EmbeddedRows rows;
    rows.embeddings.assign(static_cast<std::size_t>(size * identity.num_columns), 123.0F);
    rows.logits.assign(static_cast<std::size_t>(size * identity.num_classes), 456.0F);
    store::write_shard(run_.checkpoint(0), identity, size, rows);
    identity.model_digest = "another model";
    store::write_shard(run_.checkpoint(0), identity, 3 * size, rows);
  }
  comm().barrier();

  extract(run_, {0}, input(), comm());

  const auto stored = store::read_embeddings(run_.checkpoint(0)).values;
  const auto wanted = expected(0).embeddings;
  const auto columns = static_cast<std::size_t>(model.config().hidden_size),
             rows = static_cast<std::size_t>(size);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const bool reused = i >= rows * columns && i < 2 * rows * columns;
    ASSERT_EQ(stored[i], reused ? 123.0F : wanted[i]) << "value " << i;
  }
}

// Shards of blocks of another size, such as a GPU's: a missing block begins in one of them and ends in
// another.
TEST_F(Extract, FillsGapsThatAreNotWholeBlocks) {
  save_checkpoint(0);
  const model::Vit model = make_model(0);
  if (comm().rank() == 0) {
    const store::EmbeddingsIdentity identity = identity_of(model);
    const auto rows = expected(0);
    for (const auto& [first, last] : {support::Range{0, 101}, {203, 1009}}) {
      const auto part = [first = first, last = last](const std::vector<float>& all, std::int64_t columns) {
        return std::vector<float>(all.begin() + first * columns, all.begin() + last * columns);
      };
      store::write_shard(
          run_.checkpoint(0), identity, first,
          {part(rows.embeddings, identity.num_columns), part(rows.logits, identity.num_classes)});
    }
  }
  comm().barrier();

  extract(run_, {0}, input(), comm());

  expect_bits(0);
}

// A folder of shards, as save_pretrained writes a large model.
TEST_F(Extract, ReadsAModelThatIsInSeveralFiles) {
  save_checkpoint(0);
  if (comm().rank() == 0) {
    const auto folder = run_.checkpoint(0);
    support::Json index;
    for (const std::string& name : store::SafetensorsFile(run_.model(0)).names())
      index["weight_map"][name] = "model-00001-of-00001.safetensors";
    std::filesystem::rename(run_.model(0), folder / "model-00001-of-00001.safetensors");
    support::write_file(folder / "model.safetensors.index.json", index.dump());
  }
  comm().barrier();

  EXPECT_EQ(extract(run_, {0}, input(), comm()).images, kImages);
  expect_bits(0);
}

TEST_F(Extract, RecomputesWhatIsOfAnotherModelOrIsDamaged) {
  save_checkpoint(0);
  save_checkpoint(20);
  extract(run_, {0, 20}, input(), comm());
  comm().barrier();
  if (comm().rank() == 0) {
    model::save_model(make_model(99), run_.checkpoint(0));
    std::filesystem::resize_file(run_.embeddings(20), 1000);
  }
  comm().barrier();

  EXPECT_EQ(extract(run_, {0, 20}, input(), comm()).images, 2 * kImages);
  EXPECT_EQ(store::read_identity(run_.checkpoint(0)).model_digest, digest_of(0));
  expect_bits(20);
}

// TF32 and float32 share the type of what is stored, but not the rounding.
TEST_F(Extract, RecomputesWhatWasComputedInAnotherPrecision) {
  save_checkpoint(0);
  extract(run_, {0}, input(), comm());
  ExtractionInput in_tf32 = input();
  in_tf32.precision = model::Precision::kTensorFloat32;

  EXPECT_EQ(extract(run_, {0}, in_tf32, comm()).images, kImages);
  EXPECT_EQ(store::read_identity(run_.checkpoint(0)).dtype, "tf32");
  EXPECT_EQ(extract(run_, {0}, in_tf32, comm()).images, 0);
  EXPECT_EQ(extract(run_, {0}, input(), comm()).images, kImages);
  EXPECT_EQ(store::read_identity(run_.checkpoint(0)).dtype, "float32");
}

TEST_F(Extract, AModelThatIsGoneIsReplacedByItsEmbeddings) {
  save_checkpoint(0);
  extract(run_, {0}, input(), comm());
  comm().barrier();
  if (comm().rank() == 0) std::filesystem::remove(run_.model(0));
  comm().barrier();

  EXPECT_EQ(extract(run_, {0}, input(), comm()).images, 0);
}

TEST_F(Extract, TheNumberOfThreadsDoesNotMatter) {
  const model::Vit model = make_model(1);
  const std::int64_t size = block_size(model.config()), blocks = (kImages + size - 1) / size;
  at::set_num_threads(4);

  const auto four = embed_blocks(model, *images_, preprocessor_, model::Precision::kFloat32, 0, blocks);
  at::set_num_threads(3);
  const auto tail = embed_blocks(model, *images_, preprocessor_, model::Precision::kFloat32, 1, blocks);

  const auto one = expected(1);
  EXPECT_TRUE(four.embeddings == one.embeddings);
  EXPECT_TRUE(std::equal(tail.embeddings.begin(), tail.embeddings.end(),
                         one.embeddings.begin() + size * model.config().hidden_size));
}

}  // namespace
}  // namespace zoetrope::embed
