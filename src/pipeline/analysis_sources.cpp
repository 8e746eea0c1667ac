// SPDX-License-Identifier: Apache-2.0
#include "analysis_sources.hpp"

#include <algorithm>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/text.hpp"

#include "run_folder.hpp"

namespace zoetrope::pipeline {

namespace {

template <typename Words, typename Value>
std::string word_of(const Words& words, Value value) {
  return std::string(std::ranges::find(words, value, &Words::value_type::second)->first);
}

// What the embeddings that were analysed last say of their images; "" where they are gone.
std::string digest_of_images(const store::RunDirectory& run, const store::Analysis& analysis) {
  if (analysis.step.empty()) return "";
  try {
    return store::read_identity(run.checkpoint(analysis.step.back())).dataset_digest;
  } catch (const InputError&) {
    return "";
  }
}

// The jobs that come first.
[[noreturn]] void refuse_without_analysis(const Session& session) {
  const store::RunDirectory& run = session.run();
  const auto steps = run.checkpoint_steps();
  if (steps.empty()) refuse_without_checkpoints(run.root);
  const bool are_embedded =
      std::ranges::all_of(steps, [&](std::int64_t step) { return support::is_listed(run.embeddings(step)); });
  throw InputError(run.analysis().string() + ": there is no such file; run zoetrope " +
                   (are_embedded || session.is_given() ? "" : "extract and then zoetrope ") +
                   "analyze first");
}

store::Analysis read_for_pictures(const Session& session) {
  const std::string path = session.run().analysis().string();
  if (!support::is_listed(path)) refuse_without_analysis(session);
  try {
    return store::read_analysis(path);
  } catch (const InputError& error) {
    throw InputError(std::string(error.what()) + "; run zoetrope analyze, which makes it again");
  }
}

void add(support::Sha256& digest, const std::string& part) {
  digest.update(part + ";");
}

void add_embeddings(support::Sha256& digest, const store::EmbeddingsIdentity& of,
                    const std::string& content) {
  for (const std::string& part :
       {std::to_string(of.step), of.model_digest, of.dataset_digest, of.dtype, content})
    add(digest, part);
}

// Every digest of an analysis is of these: what an analysis::FrameAnalysis is computed from, and how, as far
// as no other checkpoint decides it.
void add_frame(support::Sha256& digest, const CheckpointSource& source) {
  add_embeddings(digest, source.identity, source.embeddings_digest);
  if (!source.training) return add(digest, "test images alone");
  add_embeddings(digest, source.training->identity, source.training->embeddings_digest);
}

void add_search(support::Sha256& digest, std::int64_t neighbours, std::int64_t quality_neighbours,
                analysis::SearchMethod search) {
  for (const std::string& part :
       {std::string(kMethod), std::to_string(neighbours), std::to_string(quality_neighbours),
        word_of(analysis::kSearchMethods, search)})
    add(digest, part);
  if (search != analysis::SearchMethod::kExact) add(digest, analysis::parameters_of(search));
}

// And these: how what was found there is projected, and what it is called.
void add_pictures(support::Sha256& digest, Session& session) {
  const AnalysisOptions& options = session.options().analysis;
  add_search(digest, options.neighbours, options.quality_neighbours, options.search);
  add(digest, word_of(kFitsOn, options.fit_on));
  for (const std::string& name : session.test().class_names()) digest.update(name + "\n");
}

void add_with_classes(support::Sha256& digest, const CheckpointSource& source) {
  add_frame(digest, source);
  for (const std::string& name : source.class_names) digest.update(name + "\n");
}

}  // namespace

std::string digest_to_know(const analysis::FrameOptions& options, const CheckpointSource& source,
                           const CheckpointSource* first, const CheckpointSource* before) {
  support::Sha256 digest;
  add_search(digest, options.num_neighbours, options.quality_neighbours, options.search);
  add(digest, options.device ? "device" : "cores");
  for (const CheckpointSource* one : {&source, first, before})
    if (one != nullptr) add_frame(digest, *one);
  return digest.hex();
}

std::string digest_of_frame(Session& session, const CheckpointSource& source,
                            std::span<const CheckpointSource* const> compared,
                            std::span<const double> projection) {
  support::Sha256 digest;
  add_pictures(digest, session);
  add_with_classes(digest, source);
  for (const CheckpointSource* other : compared) add_with_classes(digest, *other);
  digest.update(std::as_bytes(projection));
  return digest.hex();
}

std::string digest_of_sources(Session& session, const std::vector<CheckpointSource>& sources) {
  const AnalysisOptions& options = session.options().analysis;
  const Placement placement = placement_of(session.options());
  support::Sha256 digest;
  add_pictures(digest, session);
  for (const std::string& part :
       {std::to_string(options.outliers), word_of(kAlignments, placement.align),
        word_of(kScales, placement.scale), word_of(kProjections, placement.projection),
        placement.projection == Projection::kSmooth ? support::Json(options.smoothness).dump() : ""})
    add(digest, part);
  for (const CheckpointSource& source : sources) add_with_classes(digest, source);
  for (const auto& record : session.loss_log())
    digest.update(std::to_string(record.step) + " " + std::to_string(record.loss));
  return digest.hex();
}

const store::Analysis& analysis_of_run(Session& session) {
  const std::string path = session.run().analysis().string();
  if (!session.analysis()) session.keep_analysis(read_for_pictures(session));
  const store::Analysis& analysis = *session.analysis();
  if (session.shows_training() != (analysis.num_training() > 0))
    throw InputError(path +
                     (session.shows_training()
                          ? ": is without the training images that --split asks for; run zoetrope analyze"
                          : ": is with training images, and --split asks for none; run zoetrope analyze"));
  const data::Dataset& images = session.test();
  const auto count = static_cast<std::int64_t>(analysis.num_images());
  if (images.size() != count)
    throw InputError(path + ": is of " + support::format_count(count) +
                     " images, --data and --test-limit give " + support::format_count(images.size()));
  const std::string digest = digest_of_images(session.run(), analysis);
  if (!digest.empty() && digest != images.digest() && session.is_given())
    throw InputError(path +
                     ": is of other labels; run zoetrope analyze with --embeddings and --labels again");
  if (!digest.empty() && digest != images.digest())
    throw InputError(path + ": is of other images than --data " + session.options().data.spec +
                     " gives, though of as many: give the --data of the run");
  return analysis;
}

}  // namespace zoetrope::pipeline
