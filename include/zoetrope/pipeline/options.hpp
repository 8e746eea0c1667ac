// SPDX-License-Identifier: Apache-2.0
// What a run is asked to do, in the rooms' own terms. Who reads the words of a command line fills it in
// (jobs/).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zoetrope/analysis/alignment.hpp"
#include "zoetrope/analysis/neighbour_search.hpp"
#include "zoetrope/compute/device.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/train/options.hpp"

namespace zoetrope::pipeline {

struct DataOptions {
  std::string spec = "idx:/usr/share/datasets/fashion-mnist";  // see data::open_dataset
  std::int64_t train_limit = 0;                                // images; 0: all
  std::int64_t test_limit = 0;
  std::string config;  // and the next four: see data::DatasetOptions
  std::string train_split;
  std::string test_split;
  std::string image_column;
  std::string label_column;
  bool skip_bad_images = false;
  // Of resized images of a split that a rank keeps; none: 4,096, or less where that is more than the rank's
  // share of a quarter of the host's memory.
  std::optional<std::int64_t> image_cache_mib;
};

// Which images are embedded and shown.
enum class SplitChoice {
  kTest,
  kTrain,  // extract leaves the test images' embeddings as they are; other jobs: as kBoth
  kBoth
};

struct EmbeddingOptions {
  SplitChoice split = SplitChoice::kTest;
  std::int64_t train_sample = 1000;  // training images, drawn with the training's seed; 0: all
};

// Embeddings that another program has computed, in place of a model's.
struct GivenOptions {
  std::string embeddings;  // see data::open_step_arrays; empty: the run's are a model's
  std::string logits;      // likewise
  std::string labels;      // see data::GivenRows
  std::string images;      // as DataOptions::spec; empty: there are none
  bool takes_in = false;   // this job reads them; else they are in the run already
};

enum class Backend { kAuto, kMpi, kNccl };  // what the ranks' tensors go through

struct ComputeOptions {
  int threads = 0;  // of a rank; 0: its share of the host's cores
  // Without one a job computes on cores, as some do: then it is not asked for.
  std::optional<compute::DeviceChoice> device;
  Backend backend = Backend::kAuto;
  std::optional<model::Precision> precision;  // of forward passes; none: what is fast (Session)
};

// What PCA is fitted on.
enum class Projection {
  kEach,   // each checkpoint alone, as the article
  kLast,   // the last, and all are shown through it
  kJoint,  // all together
  kSmooth  // each beside its neighbours: analysis::smooth_planes
};

enum class FitOn { kTest, kTrain, kBoth };  // whose images PCA is fitted on

// The words of --align, --projection, --fit-on and --scale, which the digest of an analysis holds, too: it is
// made anew where one changes.
inline constexpr std::array<std::pair<std::string_view, analysis::AlignTo>, 4> kAlignments = {
    {{"previous", analysis::AlignTo::kPrevious},
     {"first", analysis::AlignTo::kFirst},
     {"last", analysis::AlignTo::kLast},
     {"none", analysis::AlignTo::kNone}}};
inline constexpr std::array<std::pair<std::string_view, Projection>, 4> kProjections = {
    {{"each", Projection::kEach},
     {"last", Projection::kLast},
     {"joint", Projection::kJoint},
     {"smooth", Projection::kSmooth}}};
inline constexpr std::array<std::pair<std::string_view, FitOn>, 3> kFitsOn = {
    {{"test", FitOn::kTest}, {"train", FitOn::kTrain}, {"both", FitOn::kBoth}}};
inline constexpr std::array<std::pair<std::string_view, analysis::ScaleOf>, 2> kScales = {
    {{"frame", analysis::ScaleOf::kFrame}, {"run", analysis::ScaleOf::kRun}}};

// When a run analyses its checkpoints.
enum class AnalyzeWhen {
  kAuto,    // see works_beside() in src/pipeline/analysis_ahead.hpp
  kBeside,  // what can be known of one then: beside the training, once it is embedded
  kAfter    // all of it after the training
};

struct AnalysisOptions {
  AnalyzeWhen when = AnalyzeWhen::kAuto;
  std::int64_t neighbours = 10;          // cleanlab's k
  std::int64_t quality_neighbours = 15;  // of the picture's quality; 0: it is not looked at
  analysis::SearchMethod search = analysis::SearchMethod::kExact;  // of neighbours
  std::int64_t outliers = 8;                                       // of each frame, worst first
  double smoothness = 1;                                           // of Projection::kSmooth
  std::int64_t memory_limit = 0;  // bytes, of the ranks of a host together; 0: a quarter of its memory
  bool is_asked_for = false;      // the command line says how points come to their places, or which there are
  // None: see placement_of().
  std::optional<Projection> projection;
  std::optional<analysis::AlignTo> align;
  std::optional<analysis::ScaleOf> scale;
  FitOn fit_on = FitOn::kTest;
};

// What in-between frames show.
enum class TweenPath {
  kPoints,     // each point on a curve through its places
  kProjection  // the embedding between two checkpoints, projected
};

struct PictureSize {
  int width = 0;  // pixels
  int height = 0;
};

struct RenderOptions {
  render::Layout layout = render::Layout::kWide;
  render::Theme theme = render::Theme::kLight;
  // None: see size_of(), frames_a_second() and timing_of().
  std::optional<PictureSize> size;
  std::optional<double> fps;
  std::optional<std::int64_t> tween;  // frames between two checkpoints
  std::optional<double> duration;     // seconds of the animation
  std::string title;                  // empty: see title_of()
  TweenPath tween_path = TweenPath::kPoints;
  bool regions = false;                        // of the classes, behind the points
  std::vector<std::string> formats = {"gif"};  // see render::AnimationOptions
};

struct ReviewOptions {
  bool live = false;                 // go on beside a run
  std::string columns;               // a file of them: see review::read_columns; empty: none
  std::vector<std::string> exports;  // see review::export_formats
};

struct Options {
  std::string run;  // the run directory
  DataOptions data;
  EmbeddingOptions embedding;
  GivenOptions given;
  std::string model;                   // a folder or a config.json; empty: the default model
  bool model_has_name_of_run = false;  // run.ini names the same
  std::string base;                    // of a model that is an adapter: see model::StoredModel
  train::TrainOptions training;        // max_steps 0: as epochs says
  double epochs = 3;                   // passes over the training images
  bool trains = false;                 // this job does
  double pretend_preemption = 0;  // seconds of training until a signal comes as before a time limit; 0: never
  std::vector<std::string> logs;  // that are written beside log.csv: "tensorboard"
  ComputeOptions compute;
  AnalysisOptions analysis;
  RenderOptions render;
  ReviewOptions review;
  // What run.ini is to hold, name and value of each option, once these have proven good.
  std::vector<std::pair<std::string, std::string>> kept;
};

// As the options say. Where they leave it open, each layout has its own.
PictureSize size_of(const RenderOptions& options);
double frames_a_second(const RenderOptions& options);

// How the points of all frames come to their places.
struct Placement {
  Projection projection;
  analysis::AlignTo align;
  analysis::ScaleOf scale;
};
// As the options say. Where they leave it open, the article's layout has the article's way, each checkpoint's
// own PCA, aligned to the frame before and stretched; others planes that follow one another, which stand as
// they should already, and one scale.
Placement placement_of(const Options& options);

}  // namespace zoetrope::pipeline
