// SPDX-License-Identifier: Apache-2.0
#include "analysis_sources.hpp"

#include <algorithm>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/text.hpp"

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

store::Analysis read_for_pictures(const std::string& path) {
  try {
    return store::read_analysis(path);
  } catch (const InputError& error) {
    throw InputError(std::string(error.what()) + "; run zoetrope analyze, which makes it again");
  }
}

void add(support::Sha256& digest, const std::string& part) {
  digest.update(part + ";");
}

void add(support::Sha256& digest, const CheckpointSource& source) {
  const store::EmbeddingsIdentity& of = source.identity;
  digest.update(std::to_string(of.step) + of.model_digest + of.dataset_digest + of.dtype +
                source.embeddings_digest);
  for (const std::string& name : source.class_names) digest.update(name + "\n");
  if (source.training)
    add(digest, "training " + source.training->identity.dataset_digest + source.training->identity.dtype +
                    source.training->embeddings_digest);
}

// Nothing where it is the test images, as it always was.
void add_fit(support::Sha256& digest, FitOn fit_on) {
  if (fit_on != FitOn::kTest) add(digest, "fitted on " + word_of(kFitsOn, fit_on));
}

// Nothing where it is the exact search, as it always was.
void add_search(support::Sha256& digest, analysis::SearchMethod search) {
  if (search == analysis::SearchMethod::kExact) return;
  add(digest,
      "neighbours by " + word_of(analysis::kSearchMethods, search) + ", " + analysis::parameters_of(search));
}

void add_class_names(support::Sha256& digest, Session& session) {
  for (const std::string& name : session.test().class_names()) digest.update(name + "\n");
}

}  // namespace

std::string digest_of_frame(Session& session, const CheckpointSource& source,
                            std::span<const CheckpointSource* const> compared,
                            std::span<const double> projection) {
  const AnalysisOptions& options = session.options().analysis;
  support::Sha256 digest;
  add(digest, kMethod);
  add(digest, std::to_string(options.neighbours));
  add(digest, std::to_string(options.quality_neighbours));
  add(digest, source);
  add_fit(digest, options.fit_on);
  add_search(digest, options.search);
  for (const CheckpointSource* other : compared) add(digest, *other);
  add_class_names(digest, session);
  digest.update(std::as_bytes(projection));
  return digest.hex();
}

std::string digest_of_sources(Session& session, const std::vector<CheckpointSource>& sources) {
  const AnalysisOptions& options = session.options().analysis;
  const Placement placement = placement_of(session.options());
  support::Sha256 digest;
  for (const std::string& part :
       {std::string(kMethod), std::to_string(options.neighbours), std::to_string(options.quality_neighbours),
        std::to_string(options.outliers), word_of(kAlignments, placement.align),
        word_of(kScales, placement.scale), word_of(kProjections, placement.projection),
        placement.projection == Projection::kSmooth ? support::Json(options.smoothness).dump() : ""})
    add(digest, part);
  add_fit(digest, options.fit_on);
  add_search(digest, options.search);
  for (const CheckpointSource& source : sources) add(digest, source);
  add_class_names(digest, session);
  for (const auto& record : session.loss_log())
    digest.update(std::to_string(record.step) + " " + std::to_string(record.loss));
  return digest.hex();
}

const store::Analysis& analysis_of_run(Session& session) {
  const std::string path = session.run().analysis().string();
  if (!session.analysis()) session.keep_analysis(read_for_pictures(path));
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
