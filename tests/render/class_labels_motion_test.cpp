// SPDX-License-Identifier: Apache-2.0
// Names of classes in every frame of an animation of the demo's size: where their letters are.
#include <algorithm>
#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include "zoetrope/render/tween.hpp"

#include "canvas.hpp"
#include "class_labels.hpp"
#include "render/overlap.hpp"

namespace zoetrope::render {
namespace {

constexpr int kSide = 800;
constexpr double kFontSize = 22;
constexpr double kInvisible = 0.02;  // the least opacity that is drawn
constexpr std::size_t kClasses = 10, kOfAClass = 1000, kCheckpoints = 35;
const Rect kPlane{0, 0, kSide, kSide};

// Classes that go around one another, so that each comes over others, parts and mixes with them.
class Passing {
 public:
  Passing() {
    for (std::size_t k = 0; k < kClasses; ++k) label_.insert(label_.end(), kOfAClass, std::int64_t(k));
    for (std::size_t t = 0; t < kCheckpoints; ++t) {
      auto points = std::make_shared<std::vector<double>>();
      for (std::size_t k = 0; k < kClasses; ++k) add_class(k, t, *points);
      Frame frame;
      frame.step = static_cast<std::int64_t>(t);
      frame.owned_points = points;
      frame.points = *points;
      checkpoints_.push_back(std::move(frame));
    }
  }

  const std::vector<Frame>& checkpoints() const { return checkpoints_; }
  ClassLabels labels() const { return {kPlane, map_, kFontSize, Theme::kLight, text_, names_, label_}; }
  const Typesetter& text() const { return text_; }

  // What the letters of a class's name cover where its middle is at (0, 0), read off the pixels.
  Rect letters(std::size_t class_index) const {
    const double middle = kSide / 2;
    Picture picture = make_picture(kSide, kSide);
    std::fill(picture.pixels.begin(), picture.pixels.end(), 0xFFFFFFFFU);
    Canvas canvas(picture);
    text_.draw_haloed(canvas, middle, middle, kSide, names_[class_index],
                      {.size = kFontSize, .weight = 600, .colour = {0, 0, 0}, .align = Align::kCentre},
                      {255, 255, 255}, 1);
    canvas.flush();
    double left = kSide, top = kSide, right = 0, bottom = 0;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        if ((picture.pixels[static_cast<std::size_t>(y * kSide + x)] & 0xFF) > 200) continue;
        left = std::min(left, double(x));
        right = std::max(right, double(x + 1));
        top = std::min(top, double(y));
        bottom = std::max(bottom, double(y + 1));
      }
    }
    return {left - middle, top - middle, right - left, bottom - top};
  }

 private:
  static void add_class(std::size_t k, std::size_t t, std::vector<double>& points) {
    const double time = static_cast<double>(t) / 5, phase = 1.7 * static_cast<double>(k);
    const double x = 3 * std::sin(0.31 * time * (1 + phase / 9) + phase);
    const double y = 3 * std::cos(0.47 * time * (1 + phase / 7) + 2 * phase);
    const double radius = 0.9 + 0.6 * std::sin(time + phase);
    for (std::size_t i = 0; i < kOfAClass; ++i) {
      const double angle = 2.4 * static_cast<double>(i);
      const double away = radius * std::sqrt((static_cast<double>(i) + 0.5) / kOfAClass);
      points.push_back(x + away * std::cos(angle));
      points.push_back(y + away * std::sin(angle));
    }
  }

  PlaneMap map_{kPlane, 20};
  Typesetter text_{"DejaVu Sans"};
  std::vector<std::string> names_ = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                     "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  std::vector<std::int64_t> label_;
  std::vector<Frame> checkpoints_;
};

Rect at(const Rect& letters, const ClassLabel& label) {
  return {letters.x + label.x, letters.y + label.y, letters.w, letters.h};
}

TEST(ClassLabelsInMotion, LieOnNoOtherInAnyFrame) {
  const Passing run;
  const ClassLabels names = run.labels();
  std::vector<Rect> letters;
  for (std::size_t k = 0; k < kClasses; ++k) letters.push_back(run.letters(k));
  const TweenOptions tween{.tween = 9};
  const std::size_t count = num_animation_frames(kCheckpoints, tween);
  std::size_t met = 0, shown = 0;

  for (std::size_t i = 0; i < count; ++i) {
    const Frame frame = animation_frame(run.checkpoints(), tween, i);
    const auto labels = frame.before == nullptr
                            ? names.place(frame.points)
                            : names.between(names.place(frame.before->points),
                                            names.place(frame.after->points), frame.share, frame.points);
    for (const ClassLabel& a : labels) {
      shown += a.opacity >= 0.5;
      for (const ClassLabel& b : labels) {
        if (a.class_index >= b.class_index) continue;
        if (!overlap(at(letters[a.class_index], a), at(letters[b.class_index], b))) continue;
        ++met;
        EXPECT_LT(std::min(a.opacity, b.opacity), kInvisible)
            << "frame " << i << ": classes " << a.class_index << " and " << b.class_index;
      }
    }
  }

  EXPECT_EQ(count, 341u);
  EXPECT_GT(met, 20u) << "none has come near another: nothing was tested";
  EXPECT_GT(shown, 7 * count) << "most have their names";
}

// What is seen of a name changes from frame to frame and does not jump, also into and out of a checkpoint.
TEST(ClassLabelsInMotion, ComeAndGoWithoutJumps) {
  const Passing run;
  const ClassLabels names = run.labels();
  constexpr int kSteps = 200;
  const TweenOptions tween{.tween = kSteps - 1};

  for (const std::size_t from : {3u, 11u, 19u, 27u}) {
    const auto before = names.place(run.checkpoints()[from].points),
               after = names.place(run.checkpoints()[from + 1].points);
    std::vector<double> last(kClasses, 0);
    for (const ClassLabel& label : before) last[label.class_index] = 1;
    for (int step = 0; step <= kSteps; ++step) {
      const Frame frame = animation_frame(run.checkpoints(), tween, from * kSteps + std::size_t(step));
      std::vector<double> now(kClasses, 0);
      for (const ClassLabel& label : names.between(before, after, step / double(kSteps), frame.points))
        now[label.class_index] = label.opacity;
      for (std::size_t k = 0; k < kClasses; ++k)
        EXPECT_NEAR(now[k], last[k], 0.2) << from << ", step " << step;
      last = now;
    }
    for (const ClassLabel& label : after) EXPECT_NEAR(last[label.class_index], 1, 1e-9);
  }
}

}  // namespace
}  // namespace zoetrope::render
