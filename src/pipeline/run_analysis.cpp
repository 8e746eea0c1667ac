// SPDX-License-Identifier: Apache-2.0
// Checkpoints are dealt to ranks; rank 0 gathers and aligns the frames.
#include "run_analysis.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include <ATen/ATen.h>

#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/comm/stop.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/mapped_memory.hpp"
#include "zoetrope/support/progress.hpp"

#include "analysis_sources.hpp"
#include "class_columns.hpp"
#include "combined_analysis.hpp"
#include "frame_deal.hpp"
#include "frame_gather.hpp"
#include "frame_reader.hpp"
#include "known_frames.hpp"
#include "memory_plan.hpp"
#include "region_classifier.hpp"
#include "scatter_cache.hpp"
#include "smooth_projection.hpp"

namespace zoetrope::pipeline {

namespace {

using analysis::FrameAnalysis;

class Analyzer {
 public:
  Analyzer(Session& session, const std::vector<CheckpointSource>& sources, Keep keep)
      : session_(session),
        options_(session.options().analysis),
        placement_(placement_of(session.options())),
        sources_(sources),
        deal_(session, sources.size(), session.test().size(), sources.front().identity.num_columns),
        known_(session, sources, keep),
        columns_(class_columns(session, sources)),
        plan_(plan_memory(session, sources, columns_, deal_.team() != nullptr)),
        reader_(session.run(), sources, options_.fit_on, plan_.block_rows > 0),
        labels_(labels_of(session.test())),
        train_labels_(session.shows_training() ? labels_of(session.train_sample())
                                               : std::vector<std::int64_t>{}),
        keeper_(session.run(),
                {labels_.size(), num_neighbours(), columns_.front().size(), train_labels_.size(),
                 has_regions() ? columns_.front().size() : 0},
                keep) {}

  store::Analysis analyze();

 private:
  std::size_t num_neighbours() const {
    return std::min(static_cast<std::size_t>(options_.neighbours), labels_.size() - 1);
  }
  bool has_training() const { return !train_labels_.empty(); }
  bool has_regions() const { return why_no_regions(sources_, columns_.front()).empty(); }
  analysis::ComparedFrame compared_frame(std::size_t frame) const;
  FrameAnalysis analyze_frame(std::size_t frame, const analysis::Ends& ends,
                              std::optional<analysis::ComparedFrame>& before) const;
  std::optional<analysis::Pca> shared_projection() const;
  analysis::Scatter scatter_of(std::size_t frame);
  analysis::Scatter known_scatter_of(std::size_t frame) const;
  void find_planes();
  analysis::FrameOptions options_of(std::size_t frame) const;
  std::string digest_of(std::size_t frame) const;
  void compute_missing();
  void compute(const std::vector<std::size_t>& frames);
  void add_stages();
  std::vector<analysis::Points> gather_points();
  store::Analysis combine(std::vector<analysis::Points> points);
  void describe(store::Analysis& result) const;

  Session& session_;
  const AnalysisOptions& options_;
  const Placement placement_;
  const std::vector<CheckpointSource>& sources_;
  const FrameDeal deal_;
  const KnownFrames known_;
  const std::vector<std::vector<std::int64_t>> columns_;  // see class_columns()
  const MemoryPlan plan_;
  const FrameReader reader_;
  const std::vector<std::int64_t> labels_;
  const std::vector<std::int64_t> train_labels_;  // of the training images that are shown; else none
  ScatterCache scatters_{plan_.scatter_bytes};    // filled with --projection smooth alone
  std::vector<analysis::Plane> planes_;           // of --projection smooth, one a frame; else none
  std::optional<analysis::Pca> shared_;           // of --projection last and joint
  FrameKeeper keeper_;
  double outlier_seconds_ = 0, pca_seconds_ = 0;  // of this rank
};

// The PCA of every frame under --projection last and joint.
std::optional<analysis::Pca> Analyzer::shared_projection() const {
  if (placement_.projection != Projection::kLast && placement_.projection != Projection::kJoint)
    return std::nullopt;
  analysis::CovarianceAccumulator sums(session_.analysis_device());
  for (std::size_t frame = placement_.projection == Projection::kLast ? sources_.size() - 1 : 0;
       frame < sources_.size(); ++frame) {
    support::stop_point();
    sums.add(reader_.rows_to_fit(frame));
  }
  return sums.fit();
}

analysis::Scatter Analyzer::scatter_of(std::size_t frame) {
  return scatters_.get(frame, [&] {
    if (options_.fit_on == FitOn::kTest)
      if (const auto known = known_.of(frame)) return known->scatter;
    return analysis::Scatter::of(reader_.rows_to_fit(frame), session_.analysis_device());
  });
}

analysis::Scatter Analyzer::known_scatter_of(std::size_t frame) const {
  if (auto known = scatters_.find(frame)) return *std::move(known);
  return analysis::Scatter::of(reader_.rows_to_fit(frame), session_.analysis_device());
}

// Collective.
void Analyzer::find_planes() {
  if (placement_.projection != Projection::kSmooth) return;
  planes_ = smooth_projection(session_, sources_.size(), sources_.front().identity.num_columns,
                              [&](std::size_t frame) { return scatter_of(frame); });
}

analysis::FrameOptions Analyzer::options_of(std::size_t frame) const {
  analysis::FrameOptions options = options_to_know(options_, session_.analysis_device());
  options.known = known_.of(frame);
  options.shared = shared_;
  if (!planes_.empty()) options.plane = planes_[frame];
  if (options_.fit_on == FitOn::kTest)
    options.scatter = scatters_.find(frame);
  else if (!shared_)
    options.fitted = known_scatter_of(frame);
  options.team = deal_.team();
  options.block_rows = plan_.block_rows;
  return options;
}

analysis::ComparedFrame Analyzer::compared_frame(std::size_t frame) const {
  return analysis::compared_frame(reader_.rows(frame, store::EmbeddedSplit::kTest), options_of(frame),
                                  reader_.training_rows(frame));
}

FrameAnalysis Analyzer::analyze_frame(std::size_t frame, const analysis::Ends& ends,
                                      std::optional<analysis::ComparedFrame>& before) const {
  session_.set_stage("analysing checkpoint-" + std::to_string(sources_[frame].identity.step));
  EmbeddedTensors read = reader_.read(frame, store::EmbeddedSplit::kTest, columns_[frame]);
  analysis::FrameInput input{std::move(read.rows), std::move(read.logits), columns_[frame].size(), labels_,
                             reader_.training_images(frame, columns_[frame], train_labels_)};
  if (has_regions())
    input.classifier = classifier_of(session_, sources_[frame].identity, read.classifier, columns_[frame]);
  return analysis::analyze_frame(input, options_of(frame), ends, before);
}

std::string Analyzer::digest_of(std::size_t frame) const {
  std::vector<double> projection;
  const auto add = [&](const auto& matrix) {
    projection.insert(projection.end(), matrix.data(), matrix.data() + matrix.size());
  };
  if (shared_) {
    add(shared_->mean);
    add(shared_->components);
  }
  if (!planes_.empty() && frame > 0) add(planes_[frame - 1]);
  if (!planes_.empty()) add(planes_[frame]);
  std::vector<const CheckpointSource*> compared{&sources_.front(), &sources_.back()};
  if (frame > 0) compared.push_back(&sources_[frame - 1]);
  return digest_of_frame(session_, sources_[frame], compared, projection);
}

void Analyzer::compute(const std::vector<std::size_t>& frames) {
  if (frames.empty()) return;
  support::Progress progress("analysis", static_cast<std::int64_t>(frames.size()), "frames");
  progress.update(0);
  // The search for neighbours is nearly all of the work: an end that is analysed here anyhow has it done
  // once.
  const std::size_t end = sources_.size() - 1;
  std::optional<analysis::ComparedFrame> first, last, before;
  if (frames.front() != 0) first = compared_frame(0);
  if (frames.front() != end) last = compared_frame(end);
  std::size_t next = 0;  // the frame that `before` is before
  std::int64_t done = 0;
  for (const std::size_t frame : frames) {
    support::stop_point();
    if (frame > 0 && frame != next) before = frame == 1 ? first : compared_frame(frame - 1);
    const FrameAnalysis result =
        analyze_frame(frame, {first ? &*first : nullptr, frame == end ? nullptr : &*last}, before);
    if (frame == 0 && frames.size() > 1) first = before;
    next = frame + 1;
    if (deal_.keeps(frame)) keeper_.put(sources_[frame].identity.step, digest_of(frame), result);
    outlier_seconds_ += result.outlier_seconds;
    pca_seconds_ += result.pca_seconds;
    progress.update(++done);
  }
}

// Collective.
void Analyzer::compute_missing() {
  comm::do_unless_asked(session_.communicator(), kFramesAreKept, [&] { shared_ = shared_projection(); });
  const std::vector<std::size_t> frames = deal_.missing(
      [&](std::size_t frame) { return keeper_.has(sources_[frame].identity.step, digest_of(frame)); });
  deal_.compute([&] {
    try {
      compute(frames);
    } catch (const Interrupted&) {
      keeper_.flush();
      throw;
    }
  });
}

std::vector<analysis::Points> Analyzer::gather_points() {
  std::vector<analysis::Points> points;
  const PackedShape& shape = keeper_.shape();
  bring_to_root(session_,
                {sources_.size(), 2 * shape.num_images, 0,
                 [&](std::size_t frame) {
                   return PackedFrame{unpack(keeper_.get(sources_[frame].identity.step), shape).points, {}};
                 },
                 [&](std::size_t, const PackedFrame& rows) {
                   points.emplace_back(Eigen::Map<const analysis::Points>(
                       rows.numbers.data(), static_cast<Eigen::Index>(shape.num_images), 2));
                 }});
  return points;
}

// What is said of the frames, whatever their numbers are.
void Analyzer::describe(store::Analysis& result) const {
  result.class_names = session_.test().class_names();
  const auto log = session_.loss_log();
  for (const CheckpointSource& source : sources_) {
    result.step.push_back(source.identity.step);
    result.epoch.push_back(source.identity.epoch);
    result.embeddings_digest.push_back(source.embeddings_digest);
    const store::LossRecord* logged = store::last_logged(log, source.identity.step);
    result.loss.push_back(logged == nullptr ? std::numeric_limits<double>::quiet_NaN() : logged->loss);
  }
  result.train_label = train_labels_;
  if (has_training()) result.train_index = session_.train_sample().index();
  result.source_digest = digest_of_sources(session_, sources_);
}

// Collective; the result is rank 0's.
store::Analysis Analyzer::combine(std::vector<analysis::Points> points) {
  std::optional<CombinedAnalysis> combined;
  comm::do_unless_asked(session_.communicator(), kFramesAreKept, [&] {
    if (session_.is_root()) combined.emplace(labels_, train_labels_, std::move(points), placement_, options_);
  });
  const PackedShape& shape = keeper_.shape();
  bring_to_root(session_,
                {sources_.size(), shape.num_numbers(), shape.num_integers(),
                 [&](std::size_t frame) { return keeper_.get(sources_[frame].identity.step); },
                 [&](std::size_t, const PackedFrame& rows) { combined->add(unpack(rows, shape)); }});
  if (!combined) return {};
  describe(combined->result());
  return std::move(combined->result());
}

void Analyzer::add_stages() {
  const auto slowest = [&](double seconds) {
    return comm::all_reduce_scalar(session_.communicator(), seconds, comm::ReduceOp::kMax);
  };
  const auto count = static_cast<std::int64_t>(sources_.size());
  session_.add_stage({"outliers", slowest(outlier_seconds_), count, "frames"});
  session_.add_stage({"pca", slowest(pca_seconds_), count, "frames"});
}

store::Analysis Analyzer::analyze() {
  support::limit_mapped_memory(plan_.mapped_bytes);
  find_planes();
  compute_missing();
  add_stages();
  session_.set_stage("gathering the analysis");
  return combine(gather_points());
}

}  // namespace

store::Analysis analyze_sources(Session& session, const std::vector<CheckpointSource>& sources, Keep keep) {
  if (placement_of(session.options()).projection != Projection::kEach) require_equal_width(sources);
  return Analyzer(session, sources, keep).analyze();
}

void remove_parts(const store::RunDirectory& run) {
  if (support::exists(run.analysis_parts())) support::remove_folder(run.analysis_parts());
}

}  // namespace zoetrope::pipeline
