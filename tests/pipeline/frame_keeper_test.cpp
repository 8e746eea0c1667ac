// SPDX-License-Identifier: Apache-2.0
// What is kept of frames is used again where every integer of it is the index of something.
#include "frame_keeper.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "known_frames.hpp"
#include "store/samples.hpp"
#include "store/scratch.hpp"

namespace zoetrope::pipeline {
namespace {

using ::testing::HasSubstr;

class FrameKeeperTest : public store::ScratchTest {
 protected:
  const store::RunDirectory run_{folder_};
};

// Three images of five classes with two neighbours each, beside four training images.
TEST_F(FrameKeeperTest, APartWithIndicesOfNothingIsMadeAgain) {
  const PackedShape shape{3, 2, 5, 4, 0};
  const std::vector<std::int64_t> whole = {1,  2, 0, 2, 0, 1,  // neighbours
                                           -1, 0, 0,           // sets of near duplicates
                                           0,  4, 4,           // predictions
                                           0,  1, 0,           // issues
                                           -1, 3, 0,           // leaks
                                           0,  4, 1, 2};       // predictions of training images
  FrameKeeper keeper(run_, shape, Keep::kInFiles);
  const auto write = [&](const std::vector<std::int64_t>& integers) {
    store::write_analysis_part(run_.analysis_part(20),
                               {"of", std::vector<double>(shape.num_numbers()), integers});
  };
  write(whole);
  EXPECT_FALSE(keeper.has(20, "other"));
  ASSERT_TRUE(keeper.has(20, "of"));
  EXPECT_EQ(keeper.get(20).integers, whole);

  for (const auto& [place, value] : std::vector<std::pair<std::size_t, std::int64_t>>{{0, 3},
                                                                                      {5, -1},
                                                                                      {6, -2},
                                                                                      {8, 3},
                                                                                      {9, 5},
                                                                                      {11, -1},
                                                                                      {12, 2},
                                                                                      {15, 4},
                                                                                      {17, -2},
                                                                                      {18, 5},
                                                                                      {21, -1}}) {
    std::vector<std::int64_t> wrong = whole;
    wrong[place] = value;
    write(wrong);
    EXPECT_FALSE(keeper.has(20, "of")) << value << " at " << place;
    EXPECT_THAT(store::message_of<InputError>([&] { keeper.get(20); }),
                HasSubstr("20.h5: holds other numbers than those of 3 images"));
  }
}

TEST_F(FrameKeeperTest, AKnownFrameWithIndicesOfNothingIsMadeAgain) {
  CheckpointSource source{store::sample_identity(3, 2), "e", {}, TrainingSource{}, {}};
  source.training->identity = store::sample_identity(4, 2);
  analysis::FrameOptions options;
  options.num_neighbours = 2;
  options.quality_neighbours = 0;
  analysis::KnownFrame known;
  known.scatter = {3, Eigen::VectorXd::Zero(2), Eigen::MatrixXd::Zero(2, 2)};
  known.neighbours = {2, {1, 2, 0, 2, 0, 1}, std::vector<double>(6)};
  const auto with_leaks = [&](std::vector<std::int64_t> leak) {
    known.against =
        analysis::AgainstTraining{std::vector<double>(3), std::vector<double>(3), std::move(leak), 0};
    return known;
  };
  const auto is_taken = [&](const analysis::KnownFrame& frame) {
    write_known(run_, source.identity.step, "of", frame);
    return is_known(run_, source, options, "of");
  };
  EXPECT_TRUE(is_taken(with_leaks({-1, 3, 0})));
  EXPECT_EQ(read_known(run_, source, options).against->leak, (std::vector<std::int64_t>{-1, 3, 0}));

  for (const std::int64_t none : {-2, 4}) EXPECT_FALSE(is_taken(with_leaks({-1, none, 0}))) << none;
  known.neighbours.index[3] = 3;
  EXPECT_FALSE(is_taken(with_leaks({-1, 3, 0})));
}

}  // namespace
}  // namespace zoetrope::pipeline
