// SPDX-License-Identifier: Apache-2.0
#include "analysis_checks.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "store/samples.hpp"
#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class AnalysisChecksTest : public ScratchTest {
 protected:
  std::filesystem::path path() const { return folder_ / "analysis.h5"; }
  // What reading says of an analysis that is not written: for that Error is thrown.
  template <typename Error>
  std::string refusal_of(const Analysis& analysis) const {
    std::filesystem::remove(path());
    const std::string written = message_of<Error>([&] { write_analysis(path(), analysis); });
    EXPECT_THAT(written, HasSubstr(path().string() + ": /"));
    EXPECT_FALSE(std::filesystem::exists(path()));
    write_unchecked_analysis(path(), analysis);
    return message_of<InputError>([&] { read_analysis(path()); });
  }
};

TEST_F(AnalysisChecksTest, NothingIsOfNoFrameOrNoImage) {
  EXPECT_THAT(refusal_of<RunError>(sample_analysis(0, 4, 0)), HasSubstr("/step: names no checkpoint"));
  EXPECT_THAT(refusal_of<RunError>(sample_analysis(3, 0, 0)), HasSubstr("/label: names no image"));
}

// Whoever finds a prediction looks for its probability, without asking.
TEST_F(AnalysisChecksTest, WhatComesTogetherIsThereTogether) {
  Analysis analysis = with_training(sample_analysis(2, 3, 1), 4);
  const auto refused = [&](auto Analysis::*member, const char* told) {
    Analysis without = analysis;
    (without.*member).clear();
    EXPECT_THAT(refusal_of<RunError>(without), HasSubstr(told));
  };
  analysis.normalized_margin = analysis.confidence_weighted_entropy = sample_doubles(6, 0);
  analysis.hardness = analysis.mistakenness = sample_doubles(6, 0);
  write_analysis(path(), analysis);
  EXPECT_NO_THROW(read_analysis(path()));

  refused(&Analysis::prediction, "/prediction: is missing, and /confidence");
  refused(&Analysis::confidence, "/confidence: is missing, and /prediction");
  refused(&Analysis::self_confidence, "/self_confidence: is missing");
  refused(&Analysis::hardness, "/hardness: is missing, and /normalized_margin");
  refused(&Analysis::mean_distance_to_train, "/mean_distance_to_train: is missing, and /leak");
  refused(&Analysis::train_prediction, "/train_prediction: is missing");
  refused(&Analysis::train_on_plane_before, "/train_on_plane_before: is missing");
}

// Of embeddings whose squares float32 does not hold.
TEST_F(AnalysisChecksTest, ResultsThatHaveOverflownAreNotWritten) {
  const auto refused = [&](std::vector<float> Analysis::*member, std::size_t size, const char* told) {
    Analysis analysis = with_training(sample_analysis(2, 3, 1), 4);
    (analysis.*member).assign(size, 1);
    (analysis.*member)[5] = std::numeric_limits<float>::infinity();
    EXPECT_THAT(message_of<InputError>([&] { require_results(analysis, "run"); }),
                AllOf(HasSubstr(told), HasSubstr("value 5 is inf"), HasSubstr("values are too large")));
    EXPECT_THAT(refusal_of<InputError>(analysis), HasSubstr(told));
  };
  refused(&Analysis::mean_distance, 6, "/mean_distance: ");
  refused(&Analysis::before_on_plane, 12, "/before_on_plane: ");
  refused(&Analysis::on_plane_before, 12, "/on_plane_before: ");
  refused(&Analysis::trust, 6, "/trust: ");
  refused(&Analysis::continuity, 6, "/continuity: ");
  refused(&Analysis::train_before_on_plane, 16, "/train_before_on_plane: ");
  refused(&Analysis::train_on_plane_before, 16, "/train_on_plane_before: ");
  refused(&Analysis::mean_distance_to_train, 6, "/mean_distance_to_train: ");
}

TEST_F(AnalysisChecksTest, RefusesTrainingImagesThatAreNone) {
  Analysis leak = with_training(sample_analysis(4, 6, 2), 5);
  leak.leak[7] = 5;
  Analysis label = with_training(sample_analysis(4, 6, 2), 5);
  label.train_label[2] = 3;
  Analysis index = with_training(sample_analysis(4, 6, 2), 5);
  index.train_index[1] = index.train_index[0];
  for (const auto& [wrong, told] : {std::pair{leak, "/leak: value 7 is 5"},
                                    {label, "/train_label: holds 3"},
                                    {index, "/train_index: does not name"}}) {
    write_unchecked_analysis(path(), wrong);
    EXPECT_THAT(message_of<InputError>([&] { read_analysis(path()); }), HasSubstr(told));
  }
}

TEST_F(AnalysisChecksTest, RefusesIssuesThatNoAnalysisFinds) {
  Analysis analysis = sample_analysis(1, 3, 1);
  analysis.label_issue = {0, 2, 0};
  write_unchecked_analysis(path(), analysis);
  EXPECT_THAT([&] { read_analysis(path()); }, testing::ThrowsMessage<InputError>(HasSubstr("/label_issue")));

  for (const std::int64_t image : {-2, 3}) {
    analysis.label_issue = {};
    analysis.duplicate_set = {-1, image, -1};
    write_unchecked_analysis(path(), analysis);
    EXPECT_THAT([&] { read_analysis(path()); },
                testing::ThrowsMessage<InputError>(HasSubstr("/duplicate_set")));
  }
}

TEST_F(AnalysisChecksTest, RefusesNeighboursThatAreNoImages) {
  Analysis analysis = sample_analysis(1, 3, 1);
  for (const std::int32_t image : {-1, 3}) {
    analysis.neighbour = {1, 2, image};
    write_unchecked_analysis(path(), analysis);
    EXPECT_THAT([&] { read_analysis(path()); }, testing::ThrowsMessage<InputError>(HasSubstr("/neighbour")));
  }
}

TEST_F(AnalysisChecksTest, RefusesIndicesOfNothing) {
  Analysis wrong_label = sample_analysis(3, 4, 1);
  wrong_label.label[2] = 3;
  write_unchecked_analysis(path(), wrong_label);
  EXPECT_THAT(message_of<InputError>([&] { read_analysis(path()); }), HasSubstr("/label: holds 3"));

  Analysis wrong_outlier = sample_analysis(3, 4, 1);
  wrong_outlier.outlier[1] = -1;
  write_unchecked_analysis(path(), wrong_outlier);
  EXPECT_THAT(message_of<InputError>([&] { read_analysis(path()); }), HasSubstr("/outlier: holds -1"));
}

TEST_F(AnalysisChecksTest, RefusesNumbersThatNoAnalysisGives) {
  const auto refusal_of = [&](auto&& change) {
    Analysis analysis = sample_analysis(3, 4, 1);
    change(analysis);
    write_unchecked_analysis(path(), analysis);
    return message_of<InputError>([&] { read_analysis(path()); });
  };
  for (const double value : {1e300, -1e101, HUGE_VAL, std::nan("")}) {
    EXPECT_THAT(refusal_of([&](Analysis& a) { a.aligned[7] = value; }), HasSubstr("/aligned: value 7 is"));
    EXPECT_THAT(refusal_of([&](Analysis& a) { a.pca[0] = value; }), HasSubstr("/pca: value 0 is"));
    EXPECT_THAT(refusal_of([&](Analysis& a) { a.ood_score[1] = value; }), HasSubstr("/ood_score: value 1"));
    EXPECT_THAT(refusal_of([&](Analysis& a) { a.disparity[2] = value; }), HasSubstr("/disparity: value 2"));
    EXPECT_THAT(refusal_of([&](Analysis& a) { a.epoch[1] = value; }), HasSubstr("/epoch: value 1 is"));
  }
  EXPECT_THAT(refusal_of([](Analysis& a) { a.step[1] = -1; }),
              HasSubstr("/step: value 1 is -1, which is no step"));
  EXPECT_THAT(refusal_of([](Analysis& a) { a.step[2] = std::numeric_limits<std::int64_t>::max(); }),
              HasSubstr("/step: value 2 is 9223372036854775807"));
}

}  // namespace
}  // namespace zoetrope::store
