// SPDX-License-Identifier: Apache-2.0
#include "class_labels.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include <gmock/gmock.h>

#include "canvas.hpp"
#include "palette.hpp"
#include "render/overlap.hpp"

namespace zoetrope::render {
namespace {

constexpr Rect kSquare{0, 0, 500, 500};

// `centres`, each with 40 points, or the first of them, on a circle of the given radius around it.
struct Clusters {
  Clusters(const std::vector<std::pair<double, double>>& centres, double radius, int each = 40) {
    for (std::size_t k = 0; k < centres.size(); ++k) {
      names.push_back("Class " + std::to_string(k));
      for (int i = 0; i < each; ++i) {
        label.push_back(static_cast<std::int64_t>(k));
        points.push_back(centres[k].first + radius * std::cos(i * M_PI / 20));
        points.push_back(centres[k].second + radius * std::sin(i * M_PI / 20));
      }
    }
  }

  ClassLabels labels() const { return {kSquare, map, 15, Theme::kLight, text, names, label}; }
  std::vector<ClassLabel> place(const std::vector<Badge>& badges = {}) const {
    return labels().place(points, badges, kBadge);
  }

  static constexpr double kBadge = 10;
  PlaneMap map{kSquare, 0};
  Typesetter text{"DejaVu Sans"};
  std::vector<std::string> names;
  std::vector<std::int64_t> label;
  std::vector<double> points;
};

bool has_line(const ClassLabels& labels, const ClassLabel& label) {
  const Spot end = nearest_in(labels.box_of(label), label.anchor_x, label.anchor_y);
  return std::hypot(end.x - label.anchor_x, end.y - label.anchor_y) > 0;
}

std::vector<std::size_t> classes_of(const std::vector<ClassLabel>& labels) {
  std::vector<std::size_t> classes;
  for (const ClassLabel& label : labels) classes.push_back(label.class_index);
  return classes;
}

TEST(ClassLabels, StandAtTheMiddleOfClassesThatAreApart) {
  const Clusters clusters({{-2.5, 0}, {2.5, 1}}, 0.5);

  const std::vector<ClassLabel> labels = clusters.place();

  ASSERT_EQ(labels.size(), 2u);
  EXPECT_NEAR(labels[0].x, 125, 1e-6);
  EXPECT_NEAR(labels[0].y, 250, 1e-6);
  EXPECT_NEAR(labels[1].y, 200, 1e-6);
}

TEST(ClassLabels, ClassesMixedWithAllOthersHaveNone) {
  EXPECT_TRUE(Clusters({{0, 0}, {0.1, 0}, {0, 0.2}}, 2).place().empty());
}

// As Pullover, Coat and Shirt, which lie on one another while others have parted from them.
TEST(ClassLabels, ClassesThatLieOnOneAnotherHaveNamesBesideThem) {
  const Clusters clusters({{-3, 0}, {3, 0}, {3.1, 0.1}, {3, 0.2}, {0, 3}}, 0.8);

  const std::vector<ClassLabel> labels = clusters.place();

  EXPECT_THAT(classes_of(labels), testing::UnorderedElementsAre(0, 1, 2, 3, 4));
  for (const ClassLabel& label : labels) {
    const bool is_mixed = label.class_index >= 1 && label.class_index <= 3;
    EXPECT_EQ(has_line(clusters.labels(), label), is_mixed) << label.class_index;
  }
}

// A still shows names or does not; what fades stands between two checkpoints.
TEST(ClassLabels, OfACheckpointAreWholeAndCoverNothing) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> anywhere(-4.5, 4.5), sizes(0.1, 1.5);
  std::size_t named = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<double, double>> centres;
    for (int k = 0; k < 10; ++k) centres.emplace_back(anywhere(random), anywhere(random));
    const Clusters clusters(centres, sizes(random));
    std::vector<Badge> badges;
    for (int rank = 1; rank <= 8; ++rank)
      badges.push_back({500 * (0.5 + anywhere(random) / 10), 500 * (0.5 + anywhere(random) / 10), rank, 0});

    const std::vector<ClassLabel> labels = clusters.place(badges);

    named += labels.size();
    const ClassLabels names = clusters.labels();
    std::vector<Rect> boxes;
    for (const ClassLabel& label : labels) {
      EXPECT_EQ(label.opacity, 1);
      for (const ClassLabel& other : labels) {
        const Spot nearest = nearest_in(names.box_of(other), label.anchor_x, label.anchor_y);
        EXPECT_TRUE(&other == &label || !has_line(names, label) || nearest.x != label.anchor_x ||
                    nearest.y != label.anchor_y)
            << "a line begins beneath another name";
      }
      const Rect box = names.box_of(label);
      EXPECT_TRUE(box.x >= 0 && box.y >= 0 && box.right() <= kSquare.w && box.bottom() <= kSquare.h);
      for (const Rect& other : boxes) EXPECT_FALSE(overlap(box, other)) << round;
      for (const Badge& badge : badges)
        EXPECT_FALSE(overlap(box, {badge.x - Clusters::kBadge, badge.y - Clusters::kBadge, 20, 20})) << round;
      boxes.push_back(box);
    }
  }
  EXPECT_GT(named, 1980u);
}

TEST(ClassLabels, MoveALineOrAsideForABadge) {
  const Clusters clusters({{-2.5, 0}, {2.5, 0}}, 0.5);

  const std::vector<ClassLabel> labels = clusters.place({{.x = 125, .y = 250, .rank = 1, .label = 0}});
  ASSERT_EQ(labels.size(), 2u);
  const ClassLabel& label = labels[0].class_index == 0 ? labels[0] : labels[1];

  EXPECT_GT(std::hypot(label.x - 125, label.y - 250), 15);
  EXPECT_LT(std::hypot(label.x - 125, label.y - 250), 90);
}

// On points of its own colour all around: pale beneath the name, and still seen.
TEST(ClassLabels, StandOutFromTheirPoints) {
  const Clusters clusters({{0, 0}}, 0.1);
  const std::uint32_t points = pixel_of(class_mark(0, Theme::kLight).colour);
  Picture picture = make_picture(500, 500);
  std::ranges::fill(picture.pixels, points);
  Canvas canvas(picture);
  const ClassLabels names = clusters.labels();
  const ClassLabel label{0, 250, 250, 250, 250};
  names.draw(canvas, clusters.text, {label});
  canvas.flush();

  const Rect box = names.box_of(label).inset(0.4 * 15);
  std::size_t as_before = 0, pale = 0;
  for (int y = static_cast<int>(box.y); y < static_cast<int>(box.bottom()); ++y)
    for (int x = static_cast<int>(box.x); x < static_cast<int>(box.right()); ++x) {
      const Colour colour = from_hex(picture.pixels[static_cast<std::size_t>(500 * y + x)]);
      as_before += pixel_of(colour) == points;
      pale += colour.b > colour.r + 20 && colour.r > 120;  // blue, and lighter than the points
    }
  EXPECT_EQ(as_before, 0U);
  EXPECT_GT(pale, 10U);
}

// Two checkpoints: in the second the second class has come out of the first.
struct Parting {
  Clusters before{{{0, 0}, {0.1, 0}, {3, 3}, {-3, 3}}, 1.5};
  Clusters after{{{-2, 0}, {2, -1}, {3, 3}, {-3, 3}}, 0.6};

  std::vector<ClassLabel> at(double share, const std::vector<ClassLabel>& from,
                             const std::vector<ClassLabel>& to) const {
    std::vector<double> points;
    for (std::size_t i = 0; i < before.points.size(); ++i)
      points.push_back(before.points[i] + share * (after.points[i] - before.points[i]));
    return after.labels().between(from, to, share, points);
  }
};

TEST(ClassLabels, BetweenTwoCheckpointsMoveWithoutJumps) {
  const Parting parting;
  const std::vector<ClassLabel> first = parting.before.place(), last = parting.after.place();
  ASSERT_EQ(first.size(), 4u);
  ASSERT_EQ(last.size(), 4u);

  std::vector<ClassLabel> previous = parting.at(0, first, last);
  for (double share = 0.005; share <= 1.0001; share += 0.005) {
    const std::vector<ClassLabel> labels = parting.at(std::min(share, 1.0), first, last);
    ASSERT_EQ(labels.size(), 4u);
    for (std::size_t k = 0; k < labels.size(); ++k) {
      EXPECT_NEAR(labels[k].x, previous[k].x, 4);
      EXPECT_NEAR(labels[k].y, previous[k].y, 4);
      EXPECT_EQ(labels[k].opacity, 1);
    }
    previous = labels;
  }
  for (const auto& [share, still] : {std::pair{0.0, first}, {1.0, last}}) {
    for (const ClassLabel& label : still) {
      const ClassLabel moving = parting.at(share, first, last)[label.class_index];
      EXPECT_NEAR(moving.x, label.x, 1e-9);
      EXPECT_NEAR(moving.y, label.y, 1e-9);
    }
  }
}

TEST(ClassLabels, BetweenTwoCheckpointsFadeWhereOneHasNone) {
  const Parting parting;
  const std::vector<ClassLabel> last = parting.after.place();

  double come = -1;
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double opacity = parting.at(share, {}, last)[0].opacity;
    EXPECT_GT(opacity, come);
    EXPECT_NEAR(parting.at(1 - share, last, {})[0].opacity, opacity, 1e-9);
    come = opacity;
  }
  EXPECT_EQ(parting.at(0, {}, last)[0].opacity, 0);
  EXPECT_EQ(come, 1);
}

TEST(ClassLabels, AHundredClassesAreNamedWhereThereIsRoom) {
  std::vector<std::pair<double, double>> centres;
  for (int k = 0; k < 100; ++k) centres.emplace_back(-4.5 + k % 10, -4.5 + k / 10);

  EXPECT_FALSE(Clusters(centres, 0.1).place().empty());
  for (const ClassLabel& label : Clusters(centres, 0.1).place())
    EXPECT_LT(std::hypot(label.x - label.anchor_x, label.y - label.anchor_y), 60);
}

TEST(ClassLabels, HideNoClassOfFewPoints) {
  const std::vector<std::pair<double, double>> centres = {{-3, 0}, {3, 0.1}, {0, 3}, {0.2, -3}, {0, 0}};
  for (const int each : {1, 2, 3, 5}) {
    const Clusters clusters(centres, 0.05, each);

    const std::vector<ClassLabel> labels = clusters.place();

    EXPECT_EQ(labels.size(), centres.size());
    for (const ClassLabel& label : labels) {
      EXPECT_TRUE(has_line(clusters.labels(), label)) << each;
      const Rect box = clusters.labels().box_of(label);
      for (std::size_t i = 0; i < clusters.points.size(); i += 2) {
        const double x = clusters.map.x(clusters.points[i]), y = clusters.map.y(clusters.points[i + 1]);
        EXPECT_FALSE(x > box.x && x < box.right() && y > box.y && y < box.bottom()) << each;
      }
    }
  }
  // Of as many as are usual some lie beneath the name.
  for (const ClassLabel& label : Clusters(centres, 0.05).place())
    EXPECT_FALSE(has_line(Clusters(centres, 0.05).labels(), label));
}

TEST(ClassLabels, OfManyClassesThoseOfFewPointsHaveNone) {
  std::vector<std::pair<double, double>> centres;
  for (int k = 0; k < 25; ++k) centres.emplace_back(-4 + 2 * (k % 5), -4 + 2 * (k / 5));

  EXPECT_TRUE(Clusters(centres, 0.05, 1).place().empty());
  EXPECT_EQ(Clusters(centres, 0.05).place().size(), 25u);
}

TEST(ClassLabels, ClassesWithoutPointsAreLeftOut) {
  Clusters clusters({{0, 0}}, 1);
  clusters.names.push_back("nobody");

  EXPECT_EQ(clusters.place().size(), 1u);
}

TEST(ClassLabels, NothingIsNamedWhereNothingIs) {
  Clusters clusters({{0, 0}}, 1);
  clusters.points.assign(clusters.points.size(), std::nan(""));

  EXPECT_TRUE(clusters.place().empty());
}

}  // namespace
}  // namespace zoetrope::render
