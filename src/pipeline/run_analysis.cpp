// SPDX-License-Identifier: Apache-2.0
// Checkpoints are dealt to ranks; rank 0 gathers and aligns the frames.
#include "run_analysis.hpp"

#include <cmath>
#include <limits>
#include <memory>

#include <ATen/ATen.h>

#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/frame.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/comm/stop.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/range.hpp"

#include "analysis_sources.hpp"
#include "class_columns.hpp"
#include "frame_gather.hpp"
#include "smooth_projection.hpp"

namespace zoetrope::pipeline {

namespace {

using analysis::FrameAnalysis;

std::vector<std::int64_t> labels_of(const data::Dataset& images) {
  std::vector<std::int64_t> labels(static_cast<std::size_t>(images.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = images.label(static_cast<std::int64_t>(i));
  return labels;
}

// The embeddings as a tensor that owns them.
at::Tensor rows_of(store::Embeddings& embeddings) {
  const auto values = std::make_shared<std::vector<float>>(std::move(embeddings.values));
  return at::from_blob(
      values->data(), {embeddings.identity.num_rows, embeddings.identity.num_columns}, [values](void*) {},
      at::kFloat);
}

template <typename To, typename From>
void append(To& to, const From& from) {
  to.insert(to.end(), std::begin(from), std::end(from));
}

class Analyzer {
 public:
  Analyzer(Session& session, const std::vector<CheckpointSource>& sources)
      : session_(session),
        options_(session.options().analysis),
        placement_(placement_of(session.options())),
        sources_(sources),
        columns_(class_columns(session, sources)),
        labels_(labels_of(session.test())) {}

  store::Analysis analyze();

 private:
  bool has_classifier() const { return !columns_.front().empty(); }
  store::Embeddings read(std::size_t frame) const;
  FrameAnalysis analyze_frame(std::size_t frame, const analysis::FrameOptions& options,
                              std::optional<analysis::Predecessor>& before) const;
  std::optional<analysis::Pca> shared_projection() const;
  void find_planes();
  analysis::FrameOptions options_of(std::size_t frame, const std::optional<analysis::Pca>& shared) const;
  std::vector<FrameAnalysis> compute_mine();
  void add_stages(const std::vector<FrameAnalysis>& mine);
  store::Analysis combine(const std::vector<FrameAnalysis>& frames) const;
  void add_aligned(const std::vector<FrameAnalysis>& frames, store::Analysis& result) const;
  static void add_motion(const std::vector<FrameAnalysis>& frames,
                         const std::vector<analysis::Points>& projected,
                         const std::vector<analysis::Points>& shown, store::Analysis& result);
  void add_quality(const std::vector<FrameAnalysis>& frames, store::Analysis& result) const;

  Session& session_;
  const AnalysisOptions& options_;
  const Placement placement_;
  const std::vector<CheckpointSource>& sources_;
  const std::vector<std::vector<std::int64_t>> columns_;  // see class_columns()
  const std::vector<std::int64_t> labels_;
  std::vector<analysis::Plane> planes_;  // of --projection smooth, one a frame; else none
};

// As its identity was when the sources were read: a job beside this one may have embedded again.
store::Embeddings Analyzer::read(std::size_t frame) const {
  const store::EmbeddingsIdentity& expected = sources_[frame].identity;
  store::Embeddings embeddings = store::read_embeddings(session_.run().checkpoint(expected.step));
  if (embeddings.identity != expected)
    throw InputError(session_.run().embeddings(expected.step).string() +
                     ": was made anew while it was analysed; run zoetrope analyze again");
  return embeddings;
}

// The PCA of every frame under --projection last and joint.
std::optional<analysis::Pca> Analyzer::shared_projection() const {
  if (placement_.projection != Projection::kLast && placement_.projection != Projection::kJoint)
    return std::nullopt;
  analysis::CovarianceAccumulator sums(session_.analysis_device());
  for (std::size_t frame = placement_.projection == Projection::kLast ? sources_.size() - 1 : 0;
       frame < sources_.size(); ++frame) {
    support::stop_point();
    store::Embeddings embeddings = read(frame);
    sums.add(rows_of(embeddings));
  }
  return sums.fit();
}

// Collective.
void Analyzer::find_planes() {
  if (placement_.projection != Projection::kSmooth) return;
  planes_ = smooth_projection(session_, sources_.size(), sources_.front().identity.num_columns,
                              [&](std::size_t frame) {
                                store::Embeddings embeddings = read(frame);
                                return rows_of(embeddings);
                              });
}

analysis::FrameOptions Analyzer::options_of(std::size_t frame,
                                            const std::optional<analysis::Pca>& shared) const {
  analysis::FrameOptions options;
  options.num_neighbours = options_.neighbours;
  options.quality_neighbours = options_.quality_neighbours;
  options.shared = shared;
  if (!planes_.empty()) options.plane = planes_[frame];
  options.device = session_.analysis_device();
  return options;
}

FrameAnalysis Analyzer::analyze_frame(std::size_t frame, const analysis::FrameOptions& options,
                                      std::optional<analysis::Predecessor>& before) const {
  session_.set_stage("analysing checkpoint-" + std::to_string(sources_[frame].identity.step));
  store::Embeddings embeddings = read(frame);
  analysis::keep_columns(embeddings.logits, embeddings.identity.num_classes, columns_[frame]);
  const analysis::FrameInput input{rows_of(embeddings), std::move(embeddings.logits), columns_[frame].size(),
                                   labels_};
  return analysis::analyze_frame(input, options, before);
}

// A rank takes neighbouring frames, since some curves compare a frame with the one before it.
std::vector<FrameAnalysis> Analyzer::compute_mine() {
  const auto [first, last] = support::share(static_cast<std::int64_t>(sources_.size()),
                                            session_.world().rank(), session_.world().size());
  const std::optional<analysis::Pca> shared = shared_projection();
  support::Progress progress("analysis", last - first, "frames");
  progress.update(0);
  std::vector<FrameAnalysis> results;
  std::optional<analysis::Predecessor> before;
  if (first > 0 && first < last) {
    const auto earlier = static_cast<std::size_t>(first - 1);
    store::Embeddings embeddings = read(earlier);
    before = analysis::predecessor(rows_of(embeddings), options_of(earlier, shared));
  }
  for (auto frame = static_cast<std::size_t>(first); frame < static_cast<std::size_t>(last); ++frame) {
    support::stop_point();
    results.push_back(analyze_frame(frame, options_of(frame, shared), before));
    progress.update(static_cast<std::int64_t>(results.size()));
  }
  return results;
}

void Analyzer::add_aligned(const std::vector<FrameAnalysis>& frames, store::Analysis& result) const {
  std::vector<analysis::Points> projected;
  for (const FrameAnalysis& frame : frames)
    projected.emplace_back(Eigen::Map<const analysis::Points>(frame.points.data(),
                                                              static_cast<Eigen::Index>(labels_.size()), 2));
  const analysis::AlignedFrames aligned =
      analysis::align_frames(projected, placement_.align, placement_.scale);
  result.disparity = aligned.disparity;
  for (const analysis::Points& points : aligned.points) {
    support::stop_point();
    result.aligned.insert(result.aligned.end(), points.data(), points.data() + points.size());
    result.curves["class_separation"].push_back(analysis::class_separation(points, labels_));
  }
  if (options_.quality_neighbours > 0) add_motion(frames, projected, aligned.points, result);
}

void Analyzer::add_motion(const std::vector<FrameAnalysis>& frames,
                          const std::vector<analysis::Points>& projected,
                          const std::vector<analysis::Points>& shown, store::Analysis& result) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  Eigen::Matrix2d map_before;
  for (std::size_t t = 0; t < frames.size(); ++t) {
    support::stop_point();
    const Eigen::Matrix2d map = analysis::map_of_plane(projected[t], shown[t]);
    analysis::Motion motion{kUnknown, kUnknown};
    analysis::Stability stability{kUnknown, kUnknown, kUnknown};
    if (t > 0 && !std::isnan(frames[t].step.distance.at(0))) {
      motion = analysis::motion_of(frames[t].step, map_before, map);
      stability = analysis::stability(frames[t].step.distance, shown[t - 1], shown[t]);
    }
    result.curves["camera_share"].push_back(motion.camera_share);
    result.curves["seen_share"].push_back(motion.seen_share);
    result.curves["stability_pearson"].push_back(stability.pearson);
    result.curves["stability_spearman"].push_back(stability.spearman);
    result.curves["stability_stress"].push_back(stability.stress);
    map_before = map;
  }
}

// Of the frames' pictures, whichever way they are turned.
void Analyzer::add_quality(const std::vector<FrameAnalysis>& frames, store::Analysis& result) const {
  for (const FrameAnalysis& frame : frames) {
    const analysis::PictureQuality& quality = frame.quality;
    append(result.trust, quality.trust);
    append(result.continuity, quality.continuity);
    const analysis::Step& step = frame.step;
    append(result.before_on_plane, step.before_on_plane);
    append(result.on_plane_before, step.on_plane_before);
    for (const auto row : step.cosines.rowwise()) append(result.plane_cosines, row);
    result.curves["trustworthiness"].push_back(quality.mean_trust);
    result.curves["mean_continuity"].push_back(quality.mean_continuity);
    result.curves["neighbourhood_preservation_2d"].push_back(quality.neighbours_shown);
    result.curves["neighbourhood_hit"].push_back(quality.same_label);
    result.curves["shape_disparity"].push_back(frame.shape_disparity);
  }
}

store::Analysis Analyzer::combine(const std::vector<FrameAnalysis>& frames) const {
  store::Analysis result;
  result.label = labels_;
  result.class_names = session_.test().class_names();
  const auto log = session_.loss_log();
  for (const CheckpointSource& source : sources_) {
    result.step.push_back(source.identity.step);
    result.epoch.push_back(source.identity.epoch);
    result.embeddings_digest.push_back(source.embeddings_digest);
    const store::LossRecord* logged = store::last_logged(log, source.identity.step);
    result.loss.push_back(logged == nullptr ? std::numeric_limits<double>::quiet_NaN() : logged->loss);
  }
  for (const FrameAnalysis& frame : frames) {
    append(result.ood_score, frame.score);
    append(result.mean_distance, frame.mean_distance);
    append(result.duplicate_set, frame.duplicate_set);
    append(result.label_issue, frame.label_issue);
    append(result.outlier, analysis::worst(frame.score, options_.outliers));
    append(result.pca, frame.points);
    append(result.explained_variance_ratio, frame.explained_variance_ratio);
    append(result.prediction, frame.prediction);
    append(result.confidence, frame.confidence);
    append(result.self_confidence, frame.self_confidence);
    result.curves["accuracy"].push_back(frame.accuracy);
    result.curves["test_loss"].push_back(frame.test_loss);
    result.curves["effective_rank"].push_back(frame.effective_rank);
    result.curves["knn_accuracy"].push_back(frame.knn_accuracy);
    result.curves["neighbour_preservation"].push_back(frame.neighbour_preservation);
    result.curves["linear_cka"].push_back(frame.linear_cka);
  }
  add_aligned(frames, result);
  if (options_.quality_neighbours > 0) add_quality(frames, result);
  result.source_digest = digest_of_sources(session_, sources_);
  return result;
}

void Analyzer::add_stages(const std::vector<FrameAnalysis>& mine) {
  double outlier_seconds = 0, pca_seconds = 0;
  for (const FrameAnalysis& frame : mine) {
    outlier_seconds += frame.outlier_seconds;
    pca_seconds += frame.pca_seconds;
  }
  const auto slowest = [&](double seconds) {
    return comm::all_reduce_scalar(session_.communicator(), seconds, comm::ReduceOp::kMax);
  };
  const auto count = static_cast<std::int64_t>(sources_.size());
  session_.add_stage({"outliers", slowest(outlier_seconds), count, "frames"});
  session_.add_stage({"pca", slowest(pca_seconds), count, "frames"});
}

store::Analysis Analyzer::analyze() {
  find_planes();
  std::vector<FrameAnalysis> mine;
  comm::do_unless_asked(session_.communicator(), kNothingIsKept, [&] { mine = compute_mine(); });
  session_.set_stage("gathering the analysis");
  const auto frames = gather_frames(mine, labels_.size(), has_classifier(), session_.communicator());
  add_stages(mine);
  store::Analysis result;
  comm::do_unless_asked(session_.communicator(), kNothingIsKept, [&] {
    if (session_.is_root()) result = combine(frames);
  });
  return result;
}

}  // namespace

store::Analysis analyze_sources(Session& session, const std::vector<CheckpointSource>& sources) {
  if (placement_of(session.options()).projection != Projection::kEach) require_equal_width(sources);
  return Analyzer(session, sources).analyze();
}

}  // namespace zoetrope::pipeline
