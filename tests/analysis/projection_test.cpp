// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/projection.hpp"

#include <limits>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "analysis/golden.hpp"
#include "analysis/made_rows.hpp"

namespace zoetrope::analysis {
namespace {

using ::testing::HasSubstr;

// Against scikit-learn, relative to the scale of what is compared.
void expect_as_golden(const Golden& golden, const support::Json& expected, const Pca& pca,
                      const Points& points) {
  const Points expected_points = golden.points(expected.at("points"));
  const double extent = expected_points.cwiseAbs().maxCoeff();
  ASSERT_EQ(points.rows(), expected_points.rows());
  EXPECT_LT((points - expected_points).cwiseAbs().maxCoeff(), 1e-6 * extent);
  const std::vector<double> variance = golden.array<double>(expected.at("variance"));
  const std::vector<double> ratio = golden.array<double>(expected.at("ratio"));
  const std::vector<double> components = golden.array<double>(expected.at("components"));
  const std::vector<double> mean = golden.array<double>(expected.at("mean"));
  ASSERT_EQ(pca.mean.size(), static_cast<Eigen::Index>(mean.size()));
  for (int c = 0; c < 2; ++c) {
    EXPECT_NEAR(pca.explained_variance[c], variance[c], 1e-6 * variance[0]);
    EXPECT_NEAR(pca.explained_variance_ratio[c], ratio[c], 1e-6);
    EXPECT_NEAR(pca.components.row(c).norm(), 1.0, 1e-12);
    if (ratio[c] < 1e-12) continue;  // a direction without variance is not determined
    for (Eigen::Index d = 0; d < pca.mean.size(); ++d) {
      EXPECT_NEAR(pca.components(c, d), components[c * mean.size() + d], 1e-6);
    }
  }
  for (Eigen::Index d = 0; d < pca.mean.size(); ++d) EXPECT_NEAR(pca.mean[d], mean[d], 1e-6 * extent);
}

class PcaOf : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Golden, PcaOf, ::testing::ValuesIn(names(Golden().at("sets"), "pca")),
                         [](const auto& test) { return test.param; });

TEST_P(PcaOf, EqualsScikitLearnSignIncluded) {
  const Golden golden;
  const support::Json& set = named(golden.at("sets"), GetParam());
  const at::Tensor rows = golden.rows(set.at("rows"));

  const Pca pca = Pca::fit(Scatter::of(rows));

  expect_as_golden(golden, set.at("pca"), pca, pca.transform(rows));
}

TEST_P(PcaOf, ByTensorOperationsEqualsScikitLearn) {
  const Golden golden;
  const support::Json& set = named(golden.at("sets"), GetParam());
  const at::Tensor rows = golden.rows(set.at("rows"));

  const Pca pca = Pca::fit(Scatter::of(rows, at::Device(at::kCPU)));

  expect_as_golden(golden, set.at("pca"), pca, pca.transform(rows));
}

TEST(CovarianceAccumulator, FitsAllSetsTogether) {
  const Golden golden;
  const support::Json& joint = golden.at("joint_pca");
  CovarianceAccumulator accumulator;
  std::vector<at::Tensor> sets;
  for (const auto& place : joint.at("sets")) sets.push_back(golden.rows(place));

  for (const at::Tensor& rows : sets) accumulator.add(rows);
  const Pca pca = accumulator.fit();

  expect_as_golden(golden, joint.at("pca"), pca, pca.transform(at::cat(sets)));
}

TEST(CovarianceAccumulator, RefusesTooLittleAndSetsOfAnotherWidth) {
  CovarianceAccumulator accumulator;
  EXPECT_THROW(accumulator.fit(), InputError);
  accumulator.add(random_rows(1, 4));
  EXPECT_THROW(accumulator.fit(), InputError);
  EXPECT_THROW(accumulator.add(random_rows(1, 5)), InputError);

  accumulator.add(random_rows(1, 4, 2));

  EXPECT_NEAR(accumulator.fit().explained_variance_ratio[0], 1.0, 1e-12);
}

// 300 columns make several blocks of the covariance, 2100 rows several chunks.
TEST(Pca, OfManyBlocksHasTheVarianceOfItsPoints) {
  const at::Tensor rows = random_rows(2100, 300) * at::linspace(1, 5, 300) + 100;

  const Pca pca = Pca::fit(Scatter::of(rows));
  const Points points = pca.transform(rows);

  const Points centred = points.rowwise() - points.colwise().mean();
  const Eigen::Matrix2d covariance = centred.transpose() * centred / (2100.0 - 1);
  EXPECT_NEAR(covariance(0, 0), pca.explained_variance[0], 1e-9 * pca.explained_variance[0]);
  EXPECT_NEAR(covariance(1, 1), pca.explained_variance[1], 1e-9 * pca.explained_variance[0]);
  EXPECT_NEAR(covariance(0, 1), 0.0, 1e-9 * pca.explained_variance[0]);
  const at::Tensor exact =
      std::get<1>(at::linalg_svd(rows.to(at::kDouble) - rows.to(at::kDouble).mean(0), false));
  const auto largest = exact[0].item<double>();
  EXPECT_NEAR(pca.explained_variance[0], largest * largest / (2100.0 - 1), 1e-9 * pca.explained_variance[0]);
}

// So many that only the leading eigenpairs are computed.
TEST(Pca, OfManyColumnsHasTheLeadingEigenvectorsOfAll) {
  const at::Tensor rows = random_rows(900, 768) * at::logspace(0, -2, 768);

  const Pca pca = Pca::fit(Scatter::of(rows));

  const at::Tensor centred = rows.to(at::kDouble) - rows.to(at::kDouble).mean(0);
  const auto [values, vectors] = at::linalg_eigh(centred.t().mm(centred) / 899.0);
  for (int c = 0; c < 2; ++c) {
    const at::Tensor vector = vectors.select(1, 767 - c).contiguous();
    const Eigen::Map<const Eigen::VectorXd> expected(vector.const_data_ptr<double>(), 768);
    const double cosine = pca.components.row(c).dot(expected);
    EXPECT_NEAR(std::abs(cosine), 1.0, 1e-12);
    EXPECT_LT((pca.components.row(c).transpose() - expected * (cosine < 0 ? -1 : 1)).cwiseAbs().maxCoeff(),
              1e-9);
    EXPECT_NEAR(pca.explained_variance[c], values[767 - c].item<double>(), 1e-12);
  }
}

// Where an iteration for the leading eigenpairs finds no second one.
TEST(Pca, OfRowsOnALineExplainsAllByOneComponent) {
  const at::Tensor rows = random_rows(50, 1).mm(random_rows(1, 100, 2));

  const Pca pca = Pca::fit(Scatter::of(rows));

  EXPECT_NEAR(pca.explained_variance_ratio[0], 1.0, 1e-9);
  EXPECT_NEAR(pca.explained_variance_ratio[1], 0.0, 1e-9);
  EXPECT_NEAR(pca.components.row(1).norm(), 1.0, 1e-9);
}

TEST(Pca, OfTheSameVarianceEverywhereHasTwoOfManyComponents) {
  const at::Tensor rows = at::cat({at::eye(100), -at::eye(100)});

  const Pca pca = Pca::fit(Scatter::of(rows));

  for (int c = 0; c < 2; ++c) EXPECT_NEAR(pca.explained_variance_ratio[c], 0.01, 1e-9);
  EXPECT_NEAR(pca.components.row(0).dot(pca.components.row(1)), 0.0, 1e-9);
}

TEST(Pca, IsTheSameBitsWhateverTheNumberOfThreads) {
  const at::Tensor rows = random_rows(1500, 200);
  const int threads = at::get_num_threads();

  at::set_num_threads(1);
  const Points one = Pca::fit(Scatter::of(rows)).transform(rows);
  at::set_num_threads(3);
  const Points three = Pca::fit(Scatter::of(rows)).transform(rows);
  at::set_num_threads(threads);

  EXPECT_EQ(one, three);
}

TEST(Pca, OfEqualRowsExplainsNothing) {
  const at::Tensor rows = at::full({20, 5}, 0.1F);

  const Pca pca = Pca::fit(Scatter::of(rows));

  EXPECT_EQ(pca.explained_variance_ratio, Eigen::Vector2d(0, 0));
  EXPECT_EQ(pca.transform(rows), Points(Points::Zero(20, 2)));
}

TEST(Pca, NeedsTwoRowsAndTwoColumns) {
  EXPECT_THROW(Pca::fit(Scatter::of(random_rows(1, 5))), InputError);
  EXPECT_THROW(Pca::fit(Scatter::of(random_rows(5, 1))), InputError);
}

TEST(Pca, NamesTheRowThatIsNotFinite) {
  at::Tensor rows = random_rows(50, 4);
  rows[31][2] = std::numeric_limits<float>::quiet_NaN();

  try {
    Pca::fit(Scatter::of(rows));
    FAIL() << "no InputError";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("row 31, column 2"));
  }
}

TEST(Pca, RefusesRowsOfAnotherWidth) {
  const Pca pca = Pca::fit(Scatter::of(random_rows(10, 4)));

  EXPECT_THROW(pca.transform(random_rows(10, 5)), InputError);
  EXPECT_EQ(pca.transform(at::empty({0, 4})).rows(), 0);
}

class ProcrustesOf : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Golden, ProcrustesOf, ::testing::ValuesIn(names(Golden().at("procrustes"))),
                         [](const auto& test) { return test.param; });

TEST_P(ProcrustesOf, EqualsSciPy) {
  const Golden golden;
  const support::Json& pair = named(golden.at("procrustes"), GetParam());

  const Aligned aligned = procrustes(golden.points(pair.at("reference")), golden.points(pair.at("points")));

  EXPECT_LT((aligned.points - golden.points(pair.at("aligned"))).cwiseAbs().maxCoeff(), 1e-9);
  EXPECT_NEAR(aligned.disparity, pair.at("disparity").get<double>(), 1e-9);
}

TEST(Procrustes, RefusesASingleDistinctPoint) {
  const Points points = (Points(3, 2) << 1, 2, 3, 4, 5, 7).finished();
  const Points one = (Points(3, 2) << 0.1, 0.7, 0.1, 0.7, 0.1, 0.7).finished();

  EXPECT_THROW(procrustes(points, one), InputError);
  EXPECT_THROW(procrustes(one, points), InputError);
  EXPECT_THROW(procrustes(Points(0, 2), Points(0, 2)), InputError);
}

TEST(Procrustes, RefusesSetsThatDoNotMatch) {
  Points points = (Points(3, 2) << 1, 2, 3, 4, 5, 7).finished();

  EXPECT_THROW(procrustes(points, Points::Identity(2, 2)), InputError);
  points(1, 1) = std::numeric_limits<double>::infinity();
  EXPECT_THROW(procrustes(points, points), InputError);
}

TEST(Stretch, MakesTheLargestCoordinateFive) {
  const Points points = (Points(2, 2) << 1, -2, 0.5, 1).finished();

  EXPECT_EQ(stretch(points), Points(points * 2.5));
  EXPECT_EQ(stretch(points, 2.0), points);
}

TEST(Stretch, LeavesTheOriginWhereItIs) {
  EXPECT_EQ(stretch(Points::Zero(3, 2)), Points(Points::Zero(3, 2)));
  EXPECT_EQ(stretch(Points(0, 2)).rows(), 0);
}

}  // namespace
}  // namespace zoetrope::analysis
