// SPDX-License-Identifier: Apache-2.0
// A program of its own, since it takes long where a sanitizer watches.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "zoetrope/store/trainer_state.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "support/peak_memory.hpp"

namespace zoetrope::store {
namespace {

// As long as a training of 400,000 lines makes it: more than 64 MiB.
TEST(TrainerState, OfALongTrainingIsReadAndShortened) {
  std::vector<LossRecord> log(400'000);
  for (std::size_t i = 0; i < log.size(); ++i)
    log[i] = {static_cast<std::int64_t>(i) + 1, 1, 2, 3, 4, 0.5, 6};
  const TrainerState state{400'000, 1, 400'000, 400'000, 1, 1, 32};
  support::write_file("state.json", sealed_trainer_state(to_json(state, log), "m").dump(2));
  ASSERT_GT(std::filesystem::file_size("state.json"), std::uintmax_t{64} << 20);

  EXPECT_EQ(read_trainer_state("state.json").epoch, 1);
  shorten_trainer_log("state.json");
  EXPECT_LT(std::filesystem::file_size("state.json"), 2000U);
  EXPECT_EQ(read_trainer_log("state.json").back().step, 400'000);
}

// A sparse file takes no room on its disk.
TEST(TrainerState, LargerThanOfAnyTrainingIsRefusedUnread) {
  std::ofstream("state.json").close();
  std::filesystem::resize_file("state.json", std::uintmax_t{50} << 30);
  const auto read = [] { read_trainer_state("state.json"); };
  EXPECT_THROW(read(), InputError);
  EXPECT_LT(support::peak_kib_of(read), 16 << 10);
  std::filesystem::remove("state.json");
}

}  // namespace
}  // namespace zoetrope::store
