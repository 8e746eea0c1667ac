// SPDX-License-Identifier: Apache-2.0
// One frame of the animation: the embedding at one checkpoint, its worst outliers, the curves up to now.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "zoetrope/support/image.hpp"
#include "zoetrope/support/pool.hpp"

namespace zoetrope::render {

// kWide composes itself for any size: wide, square or tall by the aspect ratio. kPlot is its points alone,
// with step and accuracy. kArticle is the figure of the article's notebook.
enum class Layout { kWide, kPlot, kArticle };
enum class Theme { kLight, kDark };

// A picture in memory, 4 bytes a pixel: native-endian 0xffRRGGBB. The highest byte is ignored where a picture
// is read, so 0x00RRGGBB does as well.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> pixels;  // row by row, [height * width]
};

struct OutlierEntry {
  std::int64_t index = 0;  // of the test image
  std::int64_t label = 0;
  std::int64_t prediction = -1;  // the model's; negative: not known
  double score = 0;
  std::shared_ptr<const support::Image> image = {};  // null: there is none to show
  std::string name = {};                             // said where there is no image
  // Between two checkpoints a row is on its way. The rank it shows, from 1 (0: its place in the list); where
  // it stands, in rows from the top (negative: at its place in the list); and how visible it is.
  std::int64_t rank = 0;
  double place = -1;
  double opacity = 1;
};

// Where a point came from: drawn as a line that fades towards its oldest end.
struct Trail {
  std::int64_t label = 0;
  double opacity = 1;
  std::vector<double> path;  // [P, 2], oldest first
};

// How points come from the checkpoint before where that is not a smooth curve through their places: each is
// the sum of its own columns times the factors of a share of the way, 0 to 1, and an offset.
struct Way {
  static constexpr std::size_t kColumns = 8;
  struct Mix {
    std::array<std::array<double, 2>, kColumns> factor;
    std::array<double, 2> offset;
  };
  std::vector<float> columns;  // [N, kColumns]
  std::function<Mix(double share)> mix;
};

struct CurvePoint {
  double epoch = 0;  // where nobody knows it, the step
  std::int64_t step = 0;
  double value = 0;
};

// What does not change from frame to frame.
struct Scene {
  Layout layout = Layout::kWide;
  int width = 1920;
  int height = 1080;
  std::vector<std::string> class_names;
  std::vector<std::int64_t> label;        // [N], the point's class
  std::vector<std::int64_t> train_label;  // [M], of training images, whose marks are hollow
  // Frame::points and train_points of all frames, which outlive it: the article's legend stands where fewest
  // of them lie. May be empty.
  std::vector<std::span<const double>> all_points;
  std::vector<CurvePoint> loss;             // the whole training; a frame shows it up to its own step
  std::vector<CurvePoint> accuracy;         // test accuracy per checkpoint; may be empty
  std::vector<CurvePoint> learning_rate;    // may be empty
  double last_epoch = 0;                    // right end of the curves' axes
  std::int64_t last_step = 0;               // the same: axes of less than an epoch count steps; 0: unknown
  std::vector<CurvePoint> knn_accuracy;     // of classes in the embedding; may be empty
  std::vector<CurvePoint> neighbours_kept;  // since the frame before; may be empty
  bool has_epochs = true;                   // false: time is counted in steps
  bool has_images = true;                   // false: outliers have names
  bool has_regions = false;                 // of its frames: kPlot leaves room for a line about them
  bool is_of_vit = true;                    // the article's title says so
  std::string title = "Fine-tuning a Vision Transformer";
  bool has_given_title = false;  // somebody has asked for it: then the article's figure has it, too
  std::string subtitle;          // dataset and model, one line; may be empty
  Theme theme = Theme::kLight;
  double farthest = 0;            // medians_away() of the most atypical outlier of all frames: bars end there
  std::size_t outlier_slots = 8;  // rows of the leaderboard; a frame's further outliers are not shown
};

// What one frame shows.
struct Frame {
  std::int64_t step = 0;
  double epoch = 0;  // as CurvePoint::epoch
  double explained_variance_ratio[2] = {0, 0};
  // How far the picture, and what moves in it, can be trusted (analysis::PictureQuality, analysis::Motion);
  // NaN: not said.
  double trust = std::numeric_limits<double>::quiet_NaN();
  double camera_share = std::numeric_limits<double>::quiet_NaN();
  std::shared_ptr<const Way> way;  // from the checkpoint before; null: see animation_frame()
  std::span<const double> points;  // [N, 2], within [-5, 5]; a point that is not finite is not drawn
  // Training images, [M, 2], where some are shown; those outside [-5.5, 5.5], of
  // the article's figure [-5, 5], are not drawn, but counted.
  std::span<const double> train_points;
  std::shared_ptr<const Way> train_way;
  // The logit of each class at a place (x, y), [C, 3]: row (a, b, c) gives a x + b y + c. Regions of the
  // greatest are drawn behind the points; empty: none. The share of the images that lie in that of their
  // prediction; NaN: not said.
  std::span<const double> regions;
  double region_agreement = std::numeric_limits<double>::quiet_NaN();
  std::vector<OutlierEntry> outliers;  // worst first
  double far = 0;                      // medians_away() of which 99 of 100 images are below; 0: not said
  std::vector<Trail> trails;
  // Of a frame in between: the checkpoints around it, which outlive it, and how far it is from one to the
  // other, 0 to 1.
  const Frame* before = nullptr;
  const Frame* after = nullptr;
  double share = 0;
  // Keeps the points of an in-between frame alive; empty where `points` belongs to someone else.
  std::shared_ptr<const std::vector<double>> owned_points;
  std::shared_ptr<const std::vector<double>> owned_train_points;
  std::shared_ptr<const std::vector<double>> owned_regions;
};

// How many times farther from its neighbours than the image in the middle an image of this outlier score is:
// the score is exp(-distance / median), cleanlab's.
double medians_away(double score);

// UsageError, with the limits, when a layout but the article's cannot be composed in this size: to be called
// before any work.
void check_picture_size(int width, int height);

// The colours of the scene's classes, each once, as pixels of a picture.
std::vector<std::uint32_t> class_colours(const Scene& scene);

// Holds what is shared by all frames (fonts, palette, sprites, the legend's picture). One per thread.
class FrameRenderer {
 public:
  // UsageError when the size is too small to lay out (the message gives the least size).
  explicit FrameRenderer(Scene scene);
  ~FrameRenderer();
  FrameRenderer(const FrameRenderer&) = delete;
  FrameRenderer& operator=(const FrameRenderer&) = delete;

  Picture draw(const Frame& frame) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Draws from any thread: lends each call a renderer that no other one uses, and makes one where all are lent.
class RendererPool {
 public:
  explicit RendererPool(Scene scene) : scene_(std::move(scene)) {}

  Picture draw(const Frame& frame);

 private:
  const Scene scene_;
  support::Pool<FrameRenderer> idle_;
};

// Writes atomically; fast compression.
void write_png(const std::filesystem::path& path, const Picture& picture);

}  // namespace zoetrope::render
