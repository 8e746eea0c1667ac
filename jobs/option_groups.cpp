// SPDX-License-Identifier: Apache-2.0
#include "option_groups.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/support/error.hpp"

#include "option.hpp"
#include "option_values.hpp"
#include "words.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

const auto kDevices = words_of<std::optional<compute::DeviceChoice>>(compute::kDeviceChoices);
const Words<pipeline::Backend> kBackends = {
    {"auto", pipeline::Backend::kAuto}, {"mpi", pipeline::Backend::kMpi}, {"nccl", pipeline::Backend::kNccl}};
const Words<std::optional<model::Precision>> kPrecisions = {{"auto", std::nullopt},
                                                            {"fp32", model::Precision::kFloat32},
                                                            {"tf32", model::Precision::kTensorFloat32},
                                                            {"bf16", model::Precision::kBFloat16}};
// The words of a choice that has a value for each case where none is made.
template <typename Value, std::size_t size>
Words<std::optional<Value>> with_auto(const std::array<std::pair<std::string_view, Value>, size>& words) {
  auto all = words_of<std::optional<Value>>(words);
  all.emplace_back("auto", std::nullopt);
  return all;
}
const Words<std::optional<pipeline::Projection>> kProjections = with_auto(pipeline::kProjections);
const auto kSearches = words_of<analysis::SearchMethod>(analysis::kSearchMethods);
const Words<pipeline::FitOn> kFitsOn(pipeline::kFitsOn.begin(), pipeline::kFitsOn.end());
const Words<std::optional<analysis::AlignTo>> kAlignments = with_auto(pipeline::kAlignments);
const Words<std::optional<analysis::ScaleOf>> kScales = with_auto(pipeline::kScales);
const Words<render::Layout> kLayouts = {
    {"wide", render::Layout::kWide}, {"plot", render::Layout::kPlot}, {"article", render::Layout::kArticle}};
const Words<pipeline::AnalyzeWhen> kAnalyzeWhens = {{"auto", pipeline::AnalyzeWhen::kAuto},
                                                    {"beside", pipeline::AnalyzeWhen::kBeside},
                                                    {"after", pipeline::AnalyzeWhen::kAfter}};
const Words<pipeline::TweenPath> kTweenPaths = {{"points", pipeline::TweenPath::kPoints},
                                                {"projection", pipeline::TweenPath::kProjection}};
const Words<bool> kOnOrOff = {{"on", true}, {"off", false}};
const Words<render::Theme> kThemes = {{"light", render::Theme::kLight}, {"dark", render::Theme::kDark}};

// --size WIDTHxHEIGHT.
po::typed_value<std::string>* picture_size(pipeline::RenderOptions& target) {
  return po::value<std::string>()->default_value("auto")->value_name("WxH")->notifier(
      [&target](const std::string& size) {
        target.size.reset();
        if (size == "auto") return;
        int width = 0, height = 0;
        const char* end = size.data() + size.size();
        const auto [x, error] = std::from_chars(size.data(), end, width);
        if (error == std::errc{} && x != end && *x == 'x') {
          const auto [rest, height_error] = std::from_chars(x + 1, end, height);
          if (height_error == std::errc{} && rest == end && width > 0 && height > 0) {
            target.size = {width, height};
            return;
          }
        }
        throw UsageError("--size " + size + ": give WIDTHxHEIGHT in pixels, e.g. 1920x1080");
      });
}

po::options_description compute_options(Options& o) {
  po::options_description group("Computing", kLineLength);
  const OptionAdder add(group);
  add("threads", field(o.pipeline.compute.threads, "N"),
      "threads of a rank; 0: its share of the host's cores");
  return group;
}

po::options_description device_options(Options& o) {
  po::options_description group("Device", kLineLength);
  const OptionAdder add(group);
  add("device", choice(o.pipeline.compute.device, "device", "D", kDevices),
      "cpu, cuda, or auto: the GPUs where every rank has one of its own", kCommon);
  return group;
}

po::options_description forward_options(Options& o) {
  po::options_description group("Model's computation", kLineLength);
  const OptionAdder add(group);
  add("backend", choice(o.pipeline.compute.backend, "backend", "B", kBackends),
      "what the ranks' tensors go through: mpi, nccl, or auto: nccl between GPUs");
  add("precision", choice(o.pipeline.compute.precision, "precision", "P", kPrecisions),
      "fp32; tf32 (a GPU's faster products); bf16 (matrix products; weights and optimizer stay fp32); auto: "
      "bf16 where all ranks have a GPU of compute capability 8.0 or above, else fp32");
  return group;
}

po::options_description analysis_options(Options& o) {
  po::options_description group("Analysis", kLineLength);
  const OptionAdder add(group);
  add("neighbours", field(o.pipeline.analysis.neighbours, "K"),
      "nearest neighbours of the outlier score (cleanlab's k)", kReanalyzes);
  add("quality-neighbours", field(o.pipeline.analysis.quality_neighbours, "K"),
      "neighbours by which is judged how far each picture can be trusted; 0: it is not judged", kReanalyzes);
  add("neighbour-search", choice(o.pipeline.analysis.search, "neighbour-search", "S", kSearches),
      "exact; hnsw or ivf: approximate, by an index of FAISS, for 200,000 images and more; its recall is "
      "measured",
      kReanalyzes);
  add("memory-limit", memory_size(o.pipeline.analysis.memory_limit),
      "memory that the ranks of a host may take together for a checkpoint, e.g. 8G; rows that do not fit are "
      "read in blocks, with the same result; auto: a quarter of the host's");
  add("outliers", field(o.pipeline.analysis.outliers, "K"), "length of the leaderboard",
      kCommon | kReanalyzes);
  add("projection", choice(o.pipeline.analysis.projection, "projection", "P", kProjections),
      "PCA fitted on each checkpoint, on the last, or on all (joint); smooth: planes that follow one "
      "another, so that what moves is the model; auto: smooth, with --layout article each; zoetrope render "
      "--layout article alone keeps the analysis that is there",
      kCommon | kReanalyzes);
  add("fit-on", choice(o.pipeline.analysis.fit_on, "fit-on", "SPLIT", kFitsOn),
      "whose images PCA is fitted on: test, train or both; the latter two where --split shows training "
      "images",
      kReanalyzes);
  add("smoothness", real(o.pipeline.analysis.smoothness, "1"),
      "of smooth: how much a plane keeps to its neighbours; towards 0: as each", kReanalyzes);
  add("align", choice(o.pipeline.analysis.align, "align", "TO", kAlignments),
      "what Procrustes aligns a frame to: previous, first, last or none; auto: previous, with smooth none",
      kReanalyzes);
  add("scale", choice(o.pipeline.analysis.scale, "scale", "OF", kScales),
      "what fills the picture: each frame, or the whole run with one scale; auto: frame, with smooth run",
      kReanalyzes);
  return group;
}

po::options_description schedule_options(Options& o) {
  po::options_description group("Order of the stages", kLineLength);
  const OptionAdder add(group);
  add("analyze", choice(o.pipeline.analysis.when, "analyze", "WHEN", kAnalyzeWhens),
      "after: all of it after the training; beside: what needs no later checkpoint beside the training, on "
      "some of the cores; auto: beside a training on GPUs");
  return group;
}

po::options_description rendering_options(Options& o) {
  po::options_description group("Animation", kLineLength);
  const OptionAdder add(group);
  add("layout", choice(o.pipeline.render.layout, "layout", "L", kLayouts),
      "wide; plot (points, step and accuracy alone); or article (the article's figure)", kCommon);
  add("title", field(o.pipeline.render.title, "TEXT"),
      "of the frames, but for --layout plot, which has none; default: the model and the data", kCommon);
  add("size", picture_size(o.pipeline.render),
      "pixels of a frame; auto: 1920x1080, of plot 800x860, of article 1600x1600", kCommon);
  add("theme", choice(o.pipeline.render.theme, "theme", "T", kThemes), "light or dark", kCommon);
  add("regions", choice(o.pipeline.render.regions, "regions", "R", kOnOrOff),
      "on: tints behind the points say which class the model's classifier would say at each place of the "
      "plane; of models whose classifier takes what is embedded (ViT, DeiT); off");
  add("fps", number_or_auto(o.pipeline.render.fps, "fps", "X"),
      "frames a second: of a gif at most 50, of a webp 90, of an mp4 100; auto: 20, of article 10");
  add("tween", number_or_auto(o.pipeline.render.tween, "tween", "N"),
      "in-between frames from one checkpoint to the next; auto: what makes it flow, for 8 s in all, with "
      "0.1 to 0.5 s from one to the next; with --layout article none",
      kCommon);
  add("duration", number_or_auto(o.pipeline.render.duration, "duration", "SECONDS"),
      "length of the animation, the last frame's rest of 2 s included, whatever --tween and --fps; auto: as "
      "these say",
      kCommon);
  add("tween-path", choice(o.pipeline.render.tween_path, "tween-path", "P", kTweenPaths),
      "what in-between frames show: points on smooth curves, or each a true projection of the embedding "
      "between");
  add("format", word_list(o.pipeline.render.formats, "format", render::animation_formats()),
      "gif, mp4, webp; several with commas; animations of other formats are removed", kCommon);
  return group;
}

po::options_description review_options(Options& o) {
  po::options_description group("Review", kLineLength);
  const OptionAdder add(group);
  add("live", po::bool_switch(&o.pipeline.review.live),
      "go on beside a run: the page follows as checkpoints are embedded", kCommon | kNotKept);
  add("columns", place_without_default(o.pipeline.review.columns, "FILE"),
      "a CSV file of columns of your own, by which the page colours, filters and sorts; a column index (from "
      "0) or name says which image a line is of",
      kNotKept);
  add("export", word_list(o.pipeline.review.exports, "export", review::export_formats()),
      "also for other viewers: spotlight, parquet, projector, npz; several with commas", kCommon | kNotKept);
  return group;
}

po::options_description log_options(Options& o) {
  po::options_description group("Logs", kLineLength);
  const OptionAdder add(group);
  add("log", word_list(o.pipeline.logs, "log", {"tensorboard"}),
      "tensorboard: curves and frames also as event files, in RUN/tensorboard", kCommon);
  return group;
}

po::options_description common_options(Options& o) {
  po::options_description group("All jobs", kLineLength);
  const OptionAdder add(group);
  add("help,h", new po::untyped_value(true), "these options; --help all: all of them", kCommon | kNotKept);
  add("run", place_without_default(o.pipeline.run, "DIR"), "the run directory (required)",
      kCommon | kNotKept);
  add("config", place_without_default(o.config, "FILE"),
      "an INI file of these options, e.g. another run's run.ini", kNotKept);
  add("check-options", po::bool_switch(), "says whether the options can be used, and ends", kNotKept);
  add("timeout", field(o.timeout, "SECONDS"),
      "a rank that gets nothing done for longer while others wait ends the job; another job that works in "
      "DIR is waited for as long",
      kNotKept);
  add("take-over", po::bool_switch(&o.take_over),
      "wait for no other job in DIR: for one that shows as running and is known to be gone", kNotKept);
  add("quiet", po::bool_switch(&o.quiet), "warnings and errors only", kNotKept);
  add("log-level", field(o.log_level, "LEVEL"), "trace, debug, info, warning, error or off", kNotKept);
  add("no-progress", po::bool_switch(&o.no_progress), "no progress bars", kNotKept);
  add("trace", place_without_default(o.trace, "FILE"),
      "a timeline of the job for ui.perfetto.dev, as JSON; packed where FILE ends in .gz", kNotKept);
  return group;
}

}  // namespace

po::options_description describe(Options& o, unsigned groups) {
  po::options_description all(kLineLength);
  all.add(common_options(o));
  if (groups & kGiven) all.add(describe_given(o));
  if (groups & kData) all.add(describe_data(o));
  if (groups & kSplit) all.add(describe_split(o));
  if (groups & kModel) all.add(describe_model(o));
  if (groups & kTraining) all.add(describe_training(o));
  if (groups & kCompute) all.add(compute_options(o));
  if (groups & kDevice) all.add(device_options(o));
  if (groups & kForward) all.add(forward_options(o));
  if (groups & kAnalysis) all.add(analysis_options(o));
  if (groups & kSchedule) all.add(schedule_options(o));
  if (groups & kRendering) all.add(rendering_options(o));
  if (groups & kReview) all.add(review_options(o));
  if (groups & kLog) all.add(log_options(o));
  return all;
}

}  // namespace zoetrope::jobs
