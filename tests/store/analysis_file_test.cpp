// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/analysis_file.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "hdf5.hpp"
#include "store/samples.hpp"
#include "store/scratch.hpp"

namespace zoetrope::store {
namespace {

using ::testing::HasSubstr;

class AnalysisFileTest : public ScratchTest {
 protected:
  std::filesystem::path path() const { return folder_ / "analysis.h5"; }
};

void expect_equal(const Analysis& a, const Analysis& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.label, b.label);
  EXPECT_EQ(a.class_names, b.class_names);
  EXPECT_EQ(a.ood_score, b.ood_score);
  EXPECT_EQ(a.outlier, b.outlier);
  EXPECT_EQ(a.pca, b.pca);
  EXPECT_EQ(a.explained_variance_ratio, b.explained_variance_ratio);
  EXPECT_EQ(a.aligned, b.aligned);
  EXPECT_EQ(a.disparity, b.disparity);
  EXPECT_EQ(a.embeddings_digest, b.embeddings_digest);
  EXPECT_EQ(a.prediction, b.prediction);
  EXPECT_EQ(a.confidence, b.confidence);
  EXPECT_EQ(a.self_confidence, b.self_confidence);
  EXPECT_EQ(a.normalized_margin, b.normalized_margin);
  EXPECT_EQ(a.confidence_weighted_entropy, b.confidence_weighted_entropy);
  EXPECT_EQ(a.hardness, b.hardness);
  EXPECT_EQ(a.mistakenness, b.mistakenness);
  EXPECT_EQ(a.label_issue, b.label_issue);
  EXPECT_EQ(a.mean_distance, b.mean_distance);
  EXPECT_EQ(a.neighbour, b.neighbour);
  EXPECT_EQ(a.duplicate_set, b.duplicate_set);
  EXPECT_EQ(a.trust, b.trust);
  EXPECT_EQ(a.continuity, b.continuity);
  EXPECT_EQ(a.before_on_plane, b.before_on_plane);
  EXPECT_EQ(a.on_plane_before, b.on_plane_before);
  EXPECT_EQ(a.plane_cosines, b.plane_cosines);
  EXPECT_EQ(a.plane_classifier, b.plane_classifier);
  EXPECT_EQ(a.train_index, b.train_index);
  EXPECT_EQ(a.train_label, b.train_label);
  EXPECT_EQ(a.train_pca, b.train_pca);
  EXPECT_EQ(a.train_aligned, b.train_aligned);
  EXPECT_EQ(a.train_prediction, b.train_prediction);
  EXPECT_EQ(a.train_confidence, b.train_confidence);
  EXPECT_EQ(a.train_self_confidence, b.train_self_confidence);
  EXPECT_EQ(a.train_before_on_plane, b.train_before_on_plane);
  EXPECT_EQ(a.train_on_plane_before, b.train_on_plane_before);
  EXPECT_EQ(a.ood_vs_train, b.ood_vs_train);
  EXPECT_EQ(a.mean_distance_to_train, b.mean_distance_to_train);
  EXPECT_EQ(a.leak, b.leak);
  EXPECT_EQ(a.curves, b.curves);
  EXPECT_EQ(a.source_digest, b.source_digest);
}

TEST_F(AnalysisFileTest, GivesBackTrainingImages) {
  const Analysis written = with_training(sample_analysis(4, 6, 2), 5);

  write_analysis(path(), written);
  const Analysis read = read_analysis(path());

  expect_equal(read, written);
  EXPECT_EQ(read.num_training(), 5);
}

TEST_F(AnalysisFileTest, GivesBackWhatWasWritten) {
  const Analysis written = sample_analysis(5, 13, 2);

  write_analysis(path(), written);
  const Analysis read = read_analysis(path());

  expect_equal(read, written);
  EXPECT_TRUE(std::isnan(read.loss[0]));
  EXPECT_EQ(read.loss[1], written.loss[1]);
  EXPECT_EQ(read.num_outliers(), 2U);
}

TEST_F(AnalysisFileTest, KeepsWhatIsNotInEveryFile) {
  Analysis written = sample_analysis(2, 3, 1);
  written.prediction = {0, 1, 2, 2, 1, 0};
  written.confidence = sample_doubles(6, 0);
  written.self_confidence = sample_doubles(6, 0.1);
  written.normalized_margin = sample_doubles(6, 0.2);
  written.confidence_weighted_entropy = sample_doubles(6, 0.3);
  written.hardness = sample_doubles(6, 0.4);
  written.mistakenness = sample_doubles(6, 0.5);
  written.label_issue = {0, 1, 0, 0, 0, 1};
  written.mean_distance = {0, 1, 2, 3, 4, 5};
  written.neighbour = {1, 2, 2, 0, 0, 1, 2, 1, 0, 2, 1, 0};
  written.duplicate_set = {-1, -1, -1, 0, 0, -1};
  written.trust = {1, 0.5F, 0, 1, 1, 1};
  written.continuity = {0, 0.5F, 0, 1, 1, 1};
  written.before_on_plane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  written.on_plane_before = {1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
  written.plane_cosines = sample_doubles(8, 0);
  written.plane_classifier = sample_doubles(2 * written.class_names.size() * 3, 0);

  write_analysis(path(), written);

  expect_equal(read_analysis(path()), written);
}

TEST_F(AnalysisFileTest, HoldsOneImageOfOneFrame) {
  const Analysis written = sample_analysis(1, 1, 1);
  write_analysis(path(), written);
  expect_equal(read_analysis(path()), written);
}

TEST(Analysis, HasEpochsWhereOneHasPassed) {
  Analysis analysis;
  EXPECT_TRUE(has_epochs(analysis));
  analysis.step = {0};
  analysis.epoch = {0};
  EXPECT_FALSE(has_epochs(analysis));
  analysis.step = {0, 20};
  analysis.epoch = {0, 0};
  EXPECT_EQ(moments_of(analysis), (std::vector<double>{0, 20}));
  analysis.epoch = {0, 0.5};
  EXPECT_TRUE(has_epochs(analysis));
  EXPECT_EQ(moments_of(analysis), analysis.epoch);
}

TEST_F(AnalysisFileTest, RefusesToWriteSizesThatContradict) {
  Analysis analysis = sample_analysis(3, 4, 1);
  analysis.pca.pop_back();
  Analysis other = sample_analysis(3, 4, 1);
  other.embeddings_digest.pop_back();

  EXPECT_THROW(write_analysis(path(), analysis), RunError);
  EXPECT_THROW(write_analysis(path(), other), RunError);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(AnalysisFileTest, RefusesToReadShapesThatContradict) {
  Analysis analysis = sample_analysis(3, 4, 1);
  write_analysis(path(), analysis);
  Hdf5File file = Hdf5File::create(folder_ / "other.h5");
  file.write("step", std::span<const std::int64_t>(analysis.step), {3});
  file.write("label", std::span<const std::int64_t>(analysis.label), {4});
  file.write("epoch", std::span<const double>(analysis.epoch).first(2), {2});
  file.close();

  const std::string message = message_of<InputError>([&] { read_analysis(folder_ / "other.h5"); });

  EXPECT_THAT(message, HasSubstr("other.h5: /epoch: has shape [2]; the others ask for [3]"));
}

TEST_F(AnalysisFileTest, TheDigestAloneIsReadWithoutErrors) {
  EXPECT_EQ(read_source_digest(path()), "");
  write_analysis(path(), sample_analysis(1, 1, 1));
  EXPECT_EQ(read_source_digest(path()), "s1");
}

}  // namespace
}  // namespace zoetrope::store
