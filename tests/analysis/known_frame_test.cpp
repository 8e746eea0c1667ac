// SPDX-License-Identifier: Apache-2.0
// What is known of a checkpoint before its analysis changes no bit of that.
#include "zoetrope/analysis/known_frame.hpp"

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/compute/thread_count.hpp"

#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

// NaN equals NaN.
std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> all;
  for (const double value : values) all.push_back(std::bit_cast<std::uint64_t>(value));
  return all;
}

std::vector<double> scalars_of(const FrameAnalysis& frame) {
  return {frame.explained_variance_ratio[0],
          frame.explained_variance_ratio[1],
          frame.effective_rank,
          frame.knn_accuracy,
          frame.neighbour_recall,
          frame.neighbour_preservation,
          frame.linear_cka,
          frame.shape_disparity,
          frame.to_first.neighbour_preservation,
          frame.to_first.linear_cka,
          frame.to_last.neighbour_preservation,
          frame.to_last.linear_cka,
          frame.quality.mean_trust,
          frame.quality.mean_continuity,
          frame.quality.neighbours_shown,
          frame.quality.same_label,
          frame.training.against.recall};
}

void expect_same(const FrameAnalysis& found, const FrameAnalysis& expected) {
  EXPECT_EQ(bits(scalars_of(found)), bits(scalars_of(expected)));
  EXPECT_EQ(found.score, expected.score);
  EXPECT_EQ(found.mean_distance, expected.mean_distance);
  EXPECT_EQ(found.neighbour, expected.neighbour);
  EXPECT_EQ(found.duplicate_set, expected.duplicate_set);
  EXPECT_EQ(found.points, expected.points);
  EXPECT_EQ(bits(found.quality.trust), bits(expected.quality.trust));
  EXPECT_EQ(bits(found.quality.continuity), bits(expected.quality.continuity));
  EXPECT_EQ(bits(found.displacement.distance), bits(expected.displacement.distance));
  EXPECT_EQ(found.training.against.score, expected.training.against.score);
  EXPECT_EQ(found.training.against.mean_distance, expected.training.against.mean_distance);
  EXPECT_EQ(found.training.against.leak, expected.training.against.leak);
}

struct Frames {
  std::vector<at::Tensor> rows;
  std::vector<at::Tensor> training;  // one a frame, or none
};

std::vector<std::int64_t> labels(const at::Tensor& rows) {
  std::vector<std::int64_t> label(static_cast<std::size_t>(rows.size(0)));
  for (std::size_t i = 0; i < label.size(); ++i) label[i] = static_cast<std::int64_t>(i % 3);
  return label;
}

// Of each frame, on one thread, as beside a training.
std::vector<KnownFrame> known_of(const Frames& frames, const FrameOptions& options) {
  const compute::ThreadCount one(1);
  std::vector<KnownFrame> known;
  std::optional<EarlierFrame> first, before;
  for (std::size_t i = 0; i < frames.rows.size(); ++i) {
    known.push_back(know_frame(frames.rows[i], frames.training.empty() ? at::Tensor() : frames.training[i],
                               options, first ? &*first : nullptr, before ? &*before : nullptr));
    before = EarlierFrame{frames.rows[i], known.back().scatter};
    if (!first) first = before;
  }
  return known;
}

// All frames, one after the other; `known` may be empty.
std::vector<FrameAnalysis> analyse(const Frames& frames, const FrameOptions& options,
                                   const std::vector<KnownFrame>& known) {
  const auto options_of = [&](std::size_t i) {
    FrameOptions of = options;
    if (!known.empty()) of.known = std::make_shared<const KnownFrame>(known[i]);
    return of;
  };
  const std::size_t end = frames.rows.size() - 1;
  const auto compared = [&](std::size_t i) {
    return compared_frame(frames.rows[i], options_of(i),
                          frames.training.empty() ? at::Tensor() : frames.training[i]);
  };
  const ComparedFrame first = compared(0), last = compared(end);
  std::optional<ComparedFrame> before;
  std::vector<FrameAnalysis> all;
  for (std::size_t i = 0; i <= end; ++i) {
    const auto label = labels(frames.rows[i]);
    FrameInput input{frames.rows[i], {}, 0, label};
    std::vector<std::int64_t> train_label;
    if (!frames.training.empty()) {
      train_label = labels(frames.training[i]);
      input.training = TrainingImages{frames.training[i], {}, train_label};
    }
    all.push_back(
        analyze_frame(input, options_of(i), {i == 0 ? nullptr : &first, i == end ? nullptr : &last}, before));
  }
  return all;
}

void expect_same_with_known(const Frames& frames, const FrameOptions& options) {
  const auto expected = analyse(frames, options, {});
  const auto found = analyse(frames, options, known_of(frames, options));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(i);
    expect_same(found[i], expected[i]);
  }
}

Frames random_frames(std::int64_t rows, std::int64_t columns) {
  return {{random_rows(rows, columns, 1), random_rows(rows, columns, 2), random_rows(rows, columns, 3)}, {}};
}

TEST(KnownFrame, ChangesNoBitOfTheAnalysis) {
  expect_same_with_known(random_frames(700, 24), {});
}

TEST(KnownFrame, ChangesNoneWhateverNeighboursAreAskedFor) {
  for (const std::int64_t quality : {0, 5, 40}) {
    SCOPED_TRACE(quality);
    FrameOptions options;
    options.quality_neighbours = quality;
    expect_same_with_known(random_frames(200, 6), options);
    expect_same_with_known(random_frames(9, 6), options);  // fewer rows than neighbours
  }
}

TEST(KnownFrame, ChangesNoneAmongEqualRows) {
  expect_same_with_known({{grid_rows(400, 3, 3), grid_rows(400, 3, 2), at::ones({400, 3})}, {}}, {});
}

TEST(KnownFrame, ChangesNoneWithTrainingImages) {
  Frames frames = random_frames(300, 12);
  for (const std::uint32_t seed : {11, 12, 13}) frames.training.push_back(random_rows(120, 12, seed));
  expect_same_with_known(frames, {});
}

// As of checkpoints of other models.
TEST(KnownFrame, ChangesNoneWhereTheWidthChanges) {
  expect_same_with_known({{random_rows(150, 8), random_rows(150, 12), random_rows(150, 5)}, {}}, {});
}

TEST(KnownFrame, ChangesNoneWhereTensorsMultiply) {
  FrameOptions options;
  options.device = at::Device(at::kCPU);
  expect_same_with_known(random_frames(300, 16), options);
}

TEST(KnownFrame, ChangesNoneWhereThePlaneIsGiven) {
  FrameOptions options;
  options.plane = Plane::Identity(16, 2);
  expect_same_with_known(random_frames(300, 16), options);
}

// What is taken from it is not computed again.
TEST(KnownFrame, IsWhatTheAnalysisSays) {
  const Frames frames = random_frames(100, 8);
  std::vector<KnownFrame> known = known_of(frames, {});
  known[1].effective_rank = 77;
  known[1].to_before.linear_cka = 78;
  known[1].linear_cka_to_first = 79;
  known[1].neighbours.index[0] = 80;
  const FrameAnalysis found = analyse(frames, {}, known)[1];
  EXPECT_EQ(found.effective_rank, 77);
  EXPECT_EQ(found.linear_cka, 78);
  EXPECT_EQ(found.to_first.linear_cka, 79);
  EXPECT_EQ(found.neighbour[0], 80);
}

}  // namespace
}  // namespace zoetrope::analysis
