// SPDX-License-Identifier: Apache-2.0
// A training that goes on reads the checkpoint once, to know that it is whole and to go on from it.
#include <filesystem>

#include <gmock/gmock.h>

#include "fingerprint.hpp"
#include "start.hpp"
#include "support/bytes_read.hpp"
#include "train_on.hpp"

namespace zoetrope::train {
namespace {

TEST(Start, ReadsTheNewestCheckpointOnce) {
  const store::RunDirectory run{testing::scratch_folder()};
  TrainOptions options = short_options();
  train_on(1, run.root, testing::golden_images(20), options);
  const auto communicator = comm::make_single_communicator();
  const model::Vit model = model::load_checkpoint(run.checkpoint(0));
  support::Json identity = options.identity();
  identity["data"] = "digest";
  const std::int64_t before = testing::bytes_read();

  Start start = agree_on_start(run, options, identity, *communicator);
  const StoredTraining stored = read_start(start, run, {model}, identity, *communicator);

  const auto read = testing::bytes_read() - before;
  const auto once = static_cast<std::int64_t>(std::filesystem::file_size(run.model(11)) +
                                              std::filesystem::file_size(run.optimizer(11)));
  EXPECT_EQ(start.step, 11);
  EXPECT_EQ(testing::fingerprint(stored.model),
            testing::fingerprint(model::load_checkpoint(run.checkpoint(11))));
  EXPECT_GT(read, once * 9 / 10);  // headers are mapped
  EXPECT_LT(read, once * 11 / 10);
}

}  // namespace
}  // namespace zoetrope::train
