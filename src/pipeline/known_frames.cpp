// SPDX-License-Identifier: Apache-2.0
#include "known_frames.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include <ATen/ops/from_blob.h>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/store/analysis_part.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "analysis_sources.hpp"
#include "run_analysis.hpp"

namespace zoetrope::pipeline {

namespace {

using analysis::KnownFrame;

std::filesystem::path path_of(const store::RunDirectory& run, std::int64_t step) {
  return run.analysis_parts() / ("known-" + std::to_string(step) + ".h5");
}

// How long the rows of a part are.
struct KnownShape {
  std::size_t num_images = 0, num_columns = 0, num_neighbours = 0;
  std::size_t num_training = 0;  // images beside them

  bool has_training() const { return num_training > 0; }

  std::size_t num_numbers() const {
    return 6 + num_columns * (num_columns + 1) + num_images * (num_neighbours + (has_training() ? 2 : 0));
  }
  std::size_t num_integers() const { return num_images * (num_neighbours + (has_training() ? 1 : 0)); }
};

KnownShape shape_of(const CheckpointSource& source, const analysis::FrameOptions& options) {
  const std::int64_t asked = std::max(options.num_neighbours, options.quality_neighbours);
  const store::EmbeddingsIdentity& of = source.identity;
  return {static_cast<std::size_t>(of.num_rows), static_cast<std::size_t>(of.num_columns),
          static_cast<std::size_t>(std::min(asked, of.num_rows - 1)),
          source.training ? static_cast<std::size_t>(source.training->identity.num_rows) : 0};
}

template <typename Numbers>
void append_all(Numbers& row, const Numbers& more) {
  row.insert(row.end(), more.begin(), more.end());
}

store::AnalysisPart packed(const KnownFrame& known) {
  const analysis::AgainstTraining none, &against = known.against ? *known.against : none;
  const analysis::Scatter& scatter = known.scatter;
  store::AnalysisPart part;
  part.numbers = {known.effective_rank,       known.neighbour_recall,
                  known.to_before.linear_cka, known.to_before.shape_disparity,
                  known.linear_cka_to_first,  against.recall};
  part.numbers.insert(part.numbers.end(), scatter.mean.data(), scatter.mean.data() + scatter.mean.size());
  part.numbers.insert(part.numbers.end(), scatter.products.data(),
                      scatter.products.data() + scatter.products.size());
  append_all(part.numbers, known.neighbours.distance);
  append_all(part.numbers, against.score);
  append_all(part.numbers, against.mean_distance);
  part.integers = known.neighbours.index;
  append_all(part.integers, against.leak);
  return part;
}

// The part is of the shape.
KnownFrame unpacked(const store::AnalysisPart& part, const KnownShape& shape) {
  const double* row = part.numbers.data();
  const auto take = [&](std::vector<double>& values, std::size_t count) {
    values.assign(row, row + count);
    row += count;
  };
  KnownFrame known;
  analysis::AgainstTraining against;
  for (double* scalar : {&known.effective_rank, &known.neighbour_recall, &known.to_before.linear_cka,
                         &known.to_before.shape_disparity, &known.linear_cka_to_first, &against.recall})
    *scalar = *row++;
  const auto columns = static_cast<Eigen::Index>(shape.num_columns);
  known.scatter.count = static_cast<std::int64_t>(shape.num_images);
  known.scatter.mean = Eigen::Map<const Eigen::VectorXd>(row, columns);
  row += columns;
  known.scatter.products = Eigen::Map<const Eigen::MatrixXd>(row, columns, columns);
  row += columns * columns;
  known.neighbours.k = static_cast<std::int64_t>(shape.num_neighbours);
  take(known.neighbours.distance, shape.num_images * shape.num_neighbours);
  const auto neighbours_end =
      part.integers.begin() + static_cast<std::ptrdiff_t>(shape.num_images * shape.num_neighbours);
  known.neighbours.index.assign(part.integers.begin(), neighbours_end);
  if (!shape.has_training()) return known;
  take(against.score, shape.num_images);
  take(against.mean_distance, shape.num_images);
  against.leak.assign(neighbours_end, part.integers.end());
  known.against = std::move(against);
  return known;
}

void require_shape(const store::AnalysisPart& part, const KnownShape& shape, const std::string& path) {
  const auto are_between = [](auto first, auto last, std::int64_t least, std::size_t limit) {
    return std::all_of(first, last, [=](std::int64_t index) {
      return index >= least && index < static_cast<std::int64_t>(limit);
    });
  };
  const auto neighbours = static_cast<std::ptrdiff_t>(shape.num_images * shape.num_neighbours);
  const auto begin = part.integers.begin();
  if (part.numbers.size() != shape.num_numbers() || part.integers.size() != shape.num_integers() ||
      !are_between(begin, begin + neighbours, 0, shape.num_images) ||
      !are_between(begin + neighbours, part.integers.end(), -1, shape.num_training))
    throw InputError(path + ": holds other numbers than those of " + std::to_string(shape.num_images) +
                     " images; delete it");
}

}  // namespace

analysis::FrameOptions options_to_know(const AnalysisOptions& options, analysis::TensorDevice device) {
  analysis::FrameOptions to_know;
  to_know.num_neighbours = options.neighbours;
  to_know.quality_neighbours = options.quality_neighbours;
  to_know.search = options.search;
  to_know.device = device;
  return to_know;
}

bool is_known(const store::RunDirectory& run, const CheckpointSource& source,
              const analysis::FrameOptions& options, const std::string& digest) {
  const std::filesystem::path path = path_of(run, source.identity.step);
  if (!support::is_listed(path)) return false;
  try {
    const store::AnalysisPart part = store::read_analysis_part(path);
    if (part.source_digest != digest) return false;
    require_shape(part, shape_of(source, options), path.string());
    return true;
  } catch (const InputError& damage) {
    support::log_warning(std::string(damage.what()) + "; it is made again");
    return false;
  }
}

void write_known(const store::RunDirectory& run, std::int64_t step, const std::string& digest,
                 const KnownFrame& known) {
  store::AnalysisPart part = packed(known);
  part.source_digest = digest;
  store::write_analysis_part(path_of(run, step), part);
}

KnownFrame read_known(const store::RunDirectory& run, const CheckpointSource& source,
                      const analysis::FrameOptions& options) {
  const std::filesystem::path path = path_of(run, source.identity.step);
  if (!support::is_listed(path))
    throw InputError(path.string() + ": is gone while the run is analysed; run zoetrope analyze again");
  const store::AnalysisPart part = store::read_analysis_part(path);
  const KnownShape shape = shape_of(source, options);
  require_shape(part, shape, path.string());
  return unpacked(part, shape);
}

KnownFrames::KnownFrames(Session& session, const std::vector<CheckpointSource>& sources, Keep keep)
    : run_(session.run()),
      sources_(sources),
      options_(options_to_know(session.options().analysis, session.analysis_device())),
      is_known_(sources.size(), 0) {
  if (keep == Keep::kInMemory) return;  // another job's files, which may go
  comm::do_unless_asked(session.communicator(), kFramesAreKept, [&] {
    if (!session.is_root() || !support::is_listed(run_.analysis_parts())) return;
    for (std::size_t frame = 0; frame < sources.size(); ++frame) {
      support::stop_point();
      const CheckpointSource* const before = frame == 0 ? nullptr : &sources[frame - 1];
      const CheckpointSource* const first = frame == 0 ? nullptr : &sources.front();
      const std::string digest = digest_to_know(options_, sources[frame], first, before);
      is_known_[frame] = is_known(run_, sources[frame], options_, digest) ? 1 : 0;
    }
  });
  const auto count = std::ranges::count(is_known_, 1);
  if (count > 0)
    support::log_info("analysed beside the training: " + std::to_string(count) + " of " +
                      std::to_string(sources.size()) + " checkpoints, but for their pictures");
  session.communicator().broadcast(
      at::from_blob(is_known_.data(), {static_cast<std::int64_t>(is_known_.size())}, at::kLong), 0);
}

std::shared_ptr<const KnownFrame> KnownFrames::of(std::size_t frame) const {
  if (is_known_[frame] == 0) return nullptr;
  return std::make_shared<const KnownFrame>(read_known(run_, sources_[frame], options_));
}

}  // namespace zoetrope::pipeline
