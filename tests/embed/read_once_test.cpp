// SPDX-License-Identifier: Apache-2.0
// Models are large and lie on a file system that all ranks share: an extraction reads each of them once.
#include <filesystem>
#include <memory>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/comm/world.hpp"
#include "zoetrope/embed/extract.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/files.hpp"

#include "support/bytes_read.hpp"
#include "tensor_dataset.hpp"
#include "tensors.hpp"

namespace zoetrope::embed {
namespace {

constexpr std::int64_t kFewImages = 16;
constexpr std::int64_t kNumModels = 5;  // more than ranks and not a multiple: some models are shared

class ReadOnce : public ::testing::Test {
 protected:
  // Large beside all else that is read: 8 MB.
  static model::Vit make_model(std::uint64_t seed) {
    auto config = model::load_checkpoint(testing::golden("vit-tiny")).config();
    config.intermediate_size = 16384;
    model::Vit model(std::move(config));
    model::initialize(model, seed);
    return model;
  }

  ReadOnce() {
    for (std::int64_t step = 0; step < kNumModels; ++step) steps_.push_back(step);
    on_root([&] {
      for (const std::int64_t step : steps_) {
        std::filesystem::create_directories(run_.checkpoint(step));
        model::save_model(make_model(static_cast<std::uint64_t>(step)), run_.checkpoint(step));
      }
    });
  }

  static std::unique_ptr<comm::World> make_world() {
    int argc = 0;
    char** argv = nullptr;
    return std::make_unique<comm::World>(argc, argv);
  }
  comm::Communicator& comm() { return world_->communicator(); }
  template <typename Act>
  void on_root(const Act& act) {
    if (comm().rank() == 0) act();
    comm().barrier();
  }

  // As if somebody else had written the models.
  void take_digests() {
    on_root([&] {
      for (const std::int64_t step : steps_) {
        const std::string name = "zoetrope_digest";
        std::string bytes = support::read_file(run_.model(step));
        bytes.replace(bytes.find(name), name.size(), "somebody_digest");
        support::write_file(run_.model(step), bytes);
      }
    });
  }
  // A bit of the last value, which does not tell by its looks that it has changed.
  void flip_bit(std::int64_t step) {
    on_root([&] {
      std::string bytes = support::read_file(run_.model(step));
      bytes[bytes.size() - 4] ^= 1;
      support::write_file(run_.model(step), bytes);
    });
  }

  // How many images an extraction embeds. On all ranks together it reads every model once.
  std::int64_t extract_reading_once() {
    const std::int64_t before = testing::bytes_read();
    const auto result = extract(run_, steps_, {*images_, "digest", preprocessor_}, comm());
    const std::int64_t read =
        comm::all_reduce_scalar(comm(), testing::bytes_read() - before, comm::ReduceOp::kSum);
    const auto all = kNumModels * static_cast<std::int64_t>(std::filesystem::file_size(run_.model(0)));
    EXPECT_GT(read, all * 99 / 100);
    EXPECT_LT(read, all * 105 / 100);
    return result.images;
  }

  std::unique_ptr<comm::World> world_ = make_world();
  const store::RunDirectory run_{std::filesystem::current_path()};  // one folder for all ranks
  std::vector<std::int64_t> steps_;
  preprocess::PreprocessorConfig preprocessor_{.size = {28, 28, false, 0, 0}};
  std::unique_ptr<preprocess::ImageCache> images_ = testing::cache_of(
      {at::arange(kFewImages * 784, at::kLong).remainder(251).to(at::kByte).view({kFewImages, 1, 28, 28}),
       at::arange(kFewImages).remainder(10)},
      preprocessor_, kFewImages * 784);
};

TEST_F(ReadOnce, ByWhoEmbedsAndByWhoOnlyLooksForDamage) {
  EXPECT_EQ(extract_reading_once(), kNumModels * kFewImages);
  EXPECT_EQ(extract_reading_once(), 0);
}

TEST_F(ReadOnce, WithoutADigestToo) {
  take_digests();
  EXPECT_EQ(extract_reading_once(), kNumModels * kFewImages);
  EXPECT_EQ(extract_reading_once(), 0);
}

TEST_F(ReadOnce, WhichTellsWhatHasChangedSinceAlthoughItHasNoDigest) {
  take_digests();
  extract_reading_once();
  const auto before = store::read_identity(run_.checkpoint(3)).model_digest;
  flip_bit(3);

  EXPECT_EQ(extract_reading_once(), kFewImages);
  EXPECT_NE(store::read_identity(run_.checkpoint(3)).model_digest, before);
  EXPECT_EQ(extract_reading_once(), 0);
}

}  // namespace
}  // namespace zoetrope::embed
