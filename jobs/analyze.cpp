// SPDX-License-Identifier: Apache-2.0
// Checkpoints are dealt to ranks; rank 0 gathers, aligns the frames and writes analysis.h5.
#include <algorithm>
#include <limits>

#include <ATen/ATen.h>

#include "zoetrope/analysis/alignment.hpp"
#include "zoetrope/analysis/class_match.hpp"
#include "zoetrope/analysis/drift.hpp"
#include "zoetrope/analysis/outliers.hpp"
#include "zoetrope/comm/stop.hpp"
#include "zoetrope/data/sampler.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"

#include "analysis_of_run.hpp"
#include "class_columns.hpp"
#include "frame_result.hpp"
#include "jobs.hpp"

namespace zoetrope::jobs {

namespace {

constexpr const char* kMethod = "3";  // changes when the same embeddings would give other numbers

analysis::AlignTo align_to(const std::string& word) {
  if (word == "first") return analysis::AlignTo::kFirst;
  if (word == "last") return analysis::AlignTo::kLast;
  if (word == "none") return analysis::AlignTo::kNone;
  return analysis::AlignTo::kPrevious;
}

class Analyzer {
 public:
  Analyzer(Context& context, std::vector<std::int64_t> steps)
      : context_(context), run_(context.run()), options_(context.options()), steps_(std::move(steps)) {
    const at::Tensor& labels = context.test().images->labels();
    labels_.assign(labels.const_data_ptr<std::int64_t>(),
                   labels.const_data_ptr<std::int64_t>() + labels.numel());
  }

  bool is_done() const;       // collective
  store::Analysis analyze();  // collective; the result is rank 0's

 private:
  std::string source_digest() const;
  void require_images(const store::EmbeddingsIdentity& identity) const;
  store::Embeddings read(std::size_t frame) const;
  std::optional<analysis::Pca> shared_projection() const;
  std::vector<FrameResult> compute_mine();
  std::vector<FrameResult> gather(const std::vector<FrameResult>& mine);
  store::Analysis combine(const std::vector<FrameResult>& frames) const;
  void add_aligned(const std::vector<FrameResult>& frames, store::Analysis& result) const;

  Context& context_;
  const store::RunDirectory& run_;
  const Options& options_;
  std::vector<std::int64_t> steps_;
  std::vector<std::int64_t> labels_;
};

void Analyzer::require_images(const store::EmbeddingsIdentity& identity) const {
  if (identity.dataset_digest == context_.test().dataset->digest()) return;
  throw InputError(run_.embeddings(identity.step).string() +
                   ": was made from other images than --data gives; run zoetrope extract again");
}

// Over everything that the numbers depend on.
std::string Analyzer::source_digest() const {
  support::Sha256 digest;
  for (const std::string& part : {std::string(kMethod), std::to_string(options_.neighbours),
                                  std::to_string(options_.outliers), options_.align, options_.projection})
    digest.update(part + ";");
  for (const std::int64_t step : steps_) {
    const auto identity = store::read_identity(run_.checkpoint(step));
    require_images(identity);
    digest.update(std::to_string(step) + identity.model_digest + identity.dataset_digest + identity.dtype);
    for (const std::string& name : classes_of_checkpoint(run_, step, identity.num_classes))
      digest.update(name + "\n");
  }
  for (const std::string& name : context_.test().dataset->class_names()) digest.update(name + "\n");
  for (const auto& record : context_.loss_log())
    digest.update(std::to_string(record.step) + " " + std::to_string(record.loss));
  return digest.hex();
}

bool Analyzer::is_done() const {
  const bool equal = context_.is_root() && store::read_source_digest(run_.analysis()) == source_digest();
  return comm::broadcast_scalar(context_.communicator(), equal ? 1 : 0, 0) != 0;
}

store::Embeddings Analyzer::read(std::size_t frame) const {
  store::Embeddings embeddings = store::read_embeddings(run_.checkpoint(steps_[frame]));
  require_images(embeddings.identity);
  return embeddings;
}

// The PCA of every frame under --projection last and joint.
std::optional<analysis::Pca> Analyzer::shared_projection() const {
  if (options_.projection == "each") return std::nullopt;
  analysis::CovarianceAccumulator sums(context_.analysis_device());
  for (std::size_t frame = options_.projection == "last" ? steps_.size() - 1 : 0; frame < steps_.size();
       ++frame) {
    const store::Embeddings embeddings = read(frame);
    sums.add(rows_of(embeddings));
  }
  return sums.fit();
}

// A rank takes neighbouring frames, since some curves compare a frame with the one before it.
std::vector<FrameResult> Analyzer::compute_mine() {
  const auto [first, last] =
      data::share(static_cast<std::int64_t>(steps_.size()), context_.world().rank(), context_.world().size());
  const auto columns =
      class_columns(context_, steps_, static_cast<std::size_t>(first), static_cast<std::size_t>(last));
  const auto shared = shared_projection();
  std::optional<Predecessor> before;
  if (first > 0 && first < last) {
    store::Embeddings embeddings = read(static_cast<std::size_t>(first) - 1);
    const at::Tensor rows = rows_of(embeddings);
    auto neighbours = analysis::nearest_neighbours(
        rows, options_.neighbours, analysis::metric_for(rows.size(1)), context_.analysis_device());
    before = Predecessor{std::move(embeddings), std::move(neighbours)};
  }
  support::Progress progress("analysis", last - first, "frames");
  progress.update(0);
  std::vector<FrameResult> results;
  for (auto frame = static_cast<std::size_t>(first); frame < static_cast<std::size_t>(last); ++frame) {
    if (support::received_signal() != 0) break;  // and analyze() tells the others
    context_.set_stage("analysing checkpoint-" + std::to_string(steps_[frame]));
    store::Embeddings embeddings = read(frame);
    const auto& kept = columns[frame - static_cast<std::size_t>(first)];
    analysis::keep_columns(embeddings.logits, embeddings.identity.num_classes, kept);
    embeddings.identity.num_classes = static_cast<std::int64_t>(kept.size());
    results.push_back(analyze_frame(std::move(embeddings), labels_, options_.neighbours, shared, before,
                                    context_.analysis_device()));
    progress.update(static_cast<std::int64_t>(results.size()));
  }
  return results;
}

std::vector<FrameResult> Analyzer::gather(const std::vector<FrameResult>& mine) {
  comm::Communicator& communicator = context_.communicator();
  const std::int64_t width = mine.empty() ? 0 : static_cast<std::int64_t>(pack(mine.front()).size());
  const std::int64_t widest = comm::all_reduce_scalar(communicator, width, comm::ReduceOp::kMax);
  const std::int64_t narrowest =
      comm::all_reduce_scalar(communicator, mine.empty() ? widest : width, comm::ReduceOp::kMin);
  if (widest != narrowest)
    throw InputError(run_.root.string() + ": some checkpoints have a classifier and others none");
  at::Tensor rows = at::empty({static_cast<std::int64_t>(mine.size()), widest}, at::kDouble);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    std::vector<double> row = pack(mine[i]);
    rows[static_cast<std::int64_t>(i)].copy_(
        at::from_blob(row.data(), {widest}, at::TensorOptions().dtype(at::kDouble)));
  }
  const at::Tensor all = communicator.gather(rows, 0);
  std::vector<FrameResult> frames;
  if (!context_.is_root()) return frames;
  // A score and two coordinates an image come without one.
  const std::size_t without = pack(FrameResult{}).size() + 3 * labels_.size();
  const bool has_classifier = static_cast<std::size_t>(widest) > without;
  for (std::int64_t i = 0; i < all.size(0); ++i)
    frames.push_back(unpack(all.const_data_ptr<double>() + i * widest, labels_.size(), has_classifier));
  return frames;
}

void Analyzer::add_aligned(const std::vector<FrameResult>& frames, store::Analysis& result) const {
  std::vector<analysis::Points> projected;
  for (const FrameResult& frame : frames)
    projected.emplace_back(Eigen::Map<const analysis::Points>(frame.points.data(),
                                                              static_cast<Eigen::Index>(labels_.size()), 2));
  const analysis::AlignedFrames aligned = analysis::align_frames(projected, align_to(options_.align));
  result.disparity = aligned.disparity;
  for (const analysis::Points& points : aligned.points) {
    result.aligned.insert(result.aligned.end(), points.data(), points.data() + points.size());
    result.curves["class_separation"].push_back(analysis::class_separation(points, labels_));
  }
}

store::Analysis Analyzer::combine(const std::vector<FrameResult>& frames) const {
  store::Analysis result;
  result.step = steps_;
  result.label = labels_;
  result.class_names = context_.test().dataset->class_names();
  const auto log = context_.loss_log();
  for (const std::int64_t step : steps_) {
    const store::LossRecord* logged = store::last_logged(log, step);
    result.loss.push_back(logged == nullptr ? std::numeric_limits<double>::quiet_NaN() : logged->loss);
  }
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), std::begin(from), std::end(from));
  };
  for (const FrameResult& frame : frames) {
    result.epoch.push_back(frame.epoch);
    append(result.ood_score, frame.score);
    append(result.outlier, analysis::worst(frame.score, options_.outliers));
    append(result.pca, frame.points);
    append(result.explained_variance_ratio, frame.ratio);
    append(result.prediction, frame.prediction);
    append(result.confidence, frame.confidence);
    append(result.self_confidence, frame.self_confidence);
    result.curves["accuracy"].push_back(frame.accuracy);
    result.curves["knn_accuracy"].push_back(frame.knn_accuracy);
    result.curves["neighbour_preservation"].push_back(frame.neighbour_preservation);
    result.curves["linear_cka"].push_back(frame.linear_cka);
  }
  add_aligned(frames, result);
  result.source_digest = source_digest();
  return result;
}

store::Analysis Analyzer::analyze() {
  const auto mine = compute_mine();
  comm::stop_if_asked(context_.communicator(),
                      "of the analysis nothing is kept; run the same command again to do it");
  double outlier_seconds = 0, pca_seconds = 0;
  for (const FrameResult& frame : mine) {
    outlier_seconds += frame.outlier_seconds;
    pca_seconds += frame.pca_seconds;
  }
  context_.set_stage("gathering the analysis");
  const auto frames = gather(mine);
  const auto slowest = [&](double seconds) {
    return comm::all_reduce_scalar(context_.communicator(), seconds, comm::ReduceOp::kMax);
  };
  const auto count = static_cast<std::int64_t>(steps_.size());
  context_.add_stage({"outliers", slowest(outlier_seconds), count, "frames"});
  context_.add_stage({"pca", slowest(pca_seconds), count, "frames"});
  return context_.is_root() ? combine(frames) : store::Analysis{};
}

}  // namespace

store::Analysis analyze_steps(Context& context, const std::vector<std::int64_t>& steps) {
  return Analyzer(context, steps).analyze();
}

void analyze(Context& context) {
  const Stopwatch watch;
  const auto steps = context.checkpoint_steps();
  if (steps.empty())
    throw InputError(context.run().root.string() +
                     ": holds no checkpoint-<step> folder; run zoetrope finetune first");
  Analyzer analyzer(context, steps);
  if (analyzer.is_done()) return;
  const store::Analysis analysis = analyzer.analyze();
  if (context.is_root()) store::write_analysis(context.run().analysis(), analysis);
  context.communicator().barrier();
  context.add_stage({"analysis", watch.seconds(), static_cast<std::int64_t>(steps.size()), "frames"});
}

}  // namespace zoetrope::jobs
