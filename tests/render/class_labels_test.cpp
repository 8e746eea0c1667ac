// SPDX-License-Identifier: Apache-2.0
#include "class_labels.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace zoetrope::render {
namespace {

constexpr Rect kSquare{0, 0, 500, 500};

// `centres`, each with 40 points on a circle of the given radius around it.
struct Clusters {
  Clusters(const std::vector<std::pair<double, double>>& centres, double radius) {
    for (std::size_t k = 0; k < centres.size(); ++k) {
      names.push_back("Class " + std::to_string(k));
      for (int i = 0; i < 40; ++i) {
        label.push_back(static_cast<std::int64_t>(k));
        points.push_back(centres[k].first + radius * std::cos(i * M_PI / 20));
        points.push_back(centres[k].second + radius * std::sin(i * M_PI / 20));
      }
    }
  }

  std::vector<ClassLabel> place(const std::vector<Badge>& badges = {}) const {
    return ClassLabels(kSquare, map, 15, Theme::kLight, text, names, label).place(points, badges, 10);
  }

  PlaneMap map{kSquare, 0};
  Typesetter text{"DejaVu Sans"};
  std::vector<std::string> names;
  std::vector<std::int64_t> label;
  std::vector<double> points;
};

TEST(ClassLabels, StandAtTheMiddleOfClassesThatAreApart) {
  const Clusters clusters({{-2.5, 0}, {2.5, 1}}, 0.5);

  const std::vector<ClassLabel> labels = clusters.place();

  ASSERT_EQ(labels.size(), 2u);
  EXPECT_DOUBLE_EQ(labels[0].opacity, 1);
  EXPECT_NEAR(labels[0].x, 125, 1e-6);
  EXPECT_NEAR(labels[0].y, 250, 1e-6);
  EXPECT_NEAR(labels[1].y, 200, 1e-6);
}

TEST(ClassLabels, MixedClassesHaveNone) {
  for (const ClassLabel& label : Clusters({{0, 0}, {0.1, 0}, {0, 0.2}}, 2).place())
    EXPECT_EQ(label.opacity, 0);
}

TEST(ClassLabels, ALabelGivesWayToTheOneBeforeIt) {
  // Apart for their size, but too near for two names.
  const std::vector<ClassLabel> labels = Clusters({{0, 0}, {0.2, 0}}, 0.02).place();

  EXPECT_DOUBLE_EQ(labels[0].opacity, 1);
  EXPECT_DOUBLE_EQ(labels[1].opacity, 0);
}

TEST(ClassLabels, ALabelGivesWayToABadge) {
  const Clusters clusters({{-2.5, 0}, {2.5, 0}}, 0.5);

  const auto opacity = [&](double x, double y) {
    return clusters.place({{.x = x, .y = y, .rank = 1, .label = 0}})[0].opacity;
  };

  EXPECT_DOUBLE_EQ(opacity(125, 250), 0);
  EXPECT_DOUBLE_EQ(opacity(125, 275), 1);  // below it
  for (double y = 200; y < 300; y += 0.1) EXPECT_NEAR(opacity(125, y), opacity(125, y + 0.1), 0.03) << y;
}

TEST(ClassLabels, FadeWithoutJumps) {
  double previous = -1;
  for (double distance = 0; distance < 4; distance += 0.005) {
    const double opacity = Clusters({{0, 0}, {0, distance}}, 1).place()[0].opacity;
    if (previous >= 0) {
      EXPECT_NEAR(opacity, previous, 0.05) << distance;
    }
    previous = opacity;
  }
  EXPECT_DOUBLE_EQ(previous, 1);
}

TEST(ClassLabels, StayInsideTheSquare) {
  for (const ClassLabel& label : Clusters({{-5, 5}, {5, -5}}, 0.1).place()) {
    EXPECT_GT(label.x, 20);
    EXPECT_LT(label.x, 480);
    EXPECT_GT(label.y, 5);
    EXPECT_LT(label.y, 495);
  }
}

TEST(ClassLabels, ClassesWithoutPointsAreLeftOut) {
  Clusters clusters({{0, 0}}, 1);
  clusters.names.push_back("nobody");

  EXPECT_EQ(clusters.place().size(), 1u);
}

}  // namespace
}  // namespace zoetrope::render
