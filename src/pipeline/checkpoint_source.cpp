// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_source.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <utility>

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "region_classifier.hpp"

namespace zoetrope::pipeline {

namespace {

std::vector<std::string> classes_of(const Session& session, std::int64_t step, std::int64_t num_classes) {
  const auto folder = session.run().checkpoint(step);
  if (num_classes > 0 &&
      (support::is_listed(folder / store::kModelConfigFile) || model::find_adapter(folder))) {
    auto config = model::read_config(folder, session.options().base);
    if (config.num_labels() == num_classes) return std::move(config.id2label);
  }
  return model::default_labels(num_classes);
}

void require_embeddings(const Session& session, std::int64_t step) {
  const store::RunDirectory& run = session.run();
  if (support::is_listed(run.embeddings(step))) return;
  throw InputError(run.embeddings(step).string() + ": there is no such file; " +
                   (session.is_given() ? "take it in with zoetrope analyze --embeddings"
                    : model::has_weights(run.checkpoint(step)) ? "run zoetrope extract first"
                                                               : embed::way_out_without_model(run, step)));
}

CheckpointSource read_source(const Session& session, std::int64_t step) {
  require_embeddings(session, step);
  store::EmbeddingsHeader header = store::read_header(session.run().checkpoint(step));
  std::string why = why_no_regions(session, header);
  CheckpointSource source{std::move(header.identity), std::move(header.content_digest), {}};
  const bool is_given = source.identity.feature == store::kGivenFeature;
  if (!is_given) source.class_names = classes_of(session, step, source.identity.num_classes);
  source.why_no_regions = std::move(why);
  return source;
}

support::Json to_json(const store::EmbeddingsIdentity& of) {
  return {of.step,     of.epoch,       of.model_digest, of.dataset_digest,          of.feature, of.dtype,
          of.num_rows, of.num_columns, of.num_classes,  static_cast<int>(of.split), of.index,   of.seed};
}

support::Json to_json(const CheckpointSource& source) {
  support::Json training;
  if (source.training) training = {to_json(source.training->identity), source.training->embeddings_digest};
  return {to_json(source.identity), source.embeddings_digest, source.class_names, training,
          source.why_no_regions};
}

store::EmbeddingsIdentity identity_of(const support::Json& json) {
  store::EmbeddingsIdentity of;
  std::size_t i = 0;
  const auto next = [&](auto& field) { json.at(i++).get_to(field); };
  next(of.step), next(of.epoch), next(of.model_digest), next(of.dataset_digest), next(of.feature);
  next(of.dtype), next(of.num_rows), next(of.num_columns), next(of.num_classes);
  of.split = static_cast<store::EmbeddedSplit>(json.at(i++).get<int>());
  next(of.index), next(of.seed);
  return of;
}

CheckpointSource from_json(const support::Json& json) {
  CheckpointSource source{identity_of(json.at(0)), json.at(1), json.at(2)};
  if (const support::Json& training = json.at(3); !training.is_null())
    source.training = TrainingSource{identity_of(training.at(0)), training.at(1)};
  source.why_no_regions = json.at(4);
  return source;
}

// What can be done about a checkpoint's file: extract makes it again only where its model is there.
std::string again(const Session& session, std::int64_t step, const char* extract, const char* otherwise) {
  const bool has_model = model::has_weights(session.run().checkpoint(step));
  return has_model ? std::string("; run zoetrope ") + extract + " again"
                   : std::string("; its model is no longer there to make it again: ") + otherwise;
}

std::string way_out_without_training_images(const store::RunDirectory& run, std::int64_t step) {
  if (model::has_weights(run.checkpoint(step)))
    return "; zoetrope extract --split train makes it, and --split test goes on without training images";
  return "; its model is no longer there to make it: " +
         (embed::had_training_images(run)
              ? embed::way_out_without_model(run, step) + " (or --split test goes on without training images)"
              : std::string(embed::kWayOutWithoutTrainingImages));
}

// What the training images' file says, where they are shown.
TrainingSource read_training(Session& session, const store::EmbeddingsIdentity& tests) {
  const auto folder = session.run().checkpoint(tests.step);
  const std::string path = session.run().train_embeddings(tests.step).string();
  if (!support::is_listed(path))
    throw InputError(path + ": does not exist" + way_out_without_training_images(session.run(), tests.step));
  store::EmbeddingsHeader header = store::read_header(folder, store::EmbeddedSplit::kTrain);
  const store::EmbeddingsIdentity& of = header.identity;
  if (of.dataset_digest != session.train_sample().digest())
    throw InputError(
        path +
        ": was made from other training images than --data, --train-limit, --train-sample and --seed "
        "give" +
        again(session, tests.step, "extract --split train", "give those of the run, or --split test"));
  if (of.step != tests.step || of.model_digest != tests.model_digest || of.num_columns != tests.num_columns ||
      of.num_classes != tests.num_classes)
    throw InputError(
        path + ": is of another model than " + store::kEmbeddingsFile + " beside it" +
        again(session, tests.step, "extract --split both", "restore both from a copy, or give --split test"));
  return {header.identity, std::move(header.content_digest)};
}

void check(const Session& session, const std::vector<CheckpointSource>& sources,
           const std::string& dataset_digest) {
  for (const CheckpointSource& source : sources) {
    const std::string path = session.run().embeddings(source.identity.step).string();
    const bool is_given = source.identity.feature == store::kGivenFeature;
    if (is_given != session.is_given())
      throw InputError(path + (is_given
                                   ? ": was given with --embeddings, which run.ini should say: give it again"
                                   : ": is of a model, and run.ini says that embeddings were given"));
    if (source.identity.dataset_digest != dataset_digest)
      throw InputError(
          path + (is_given ? ": was taken in with other labels; give --embeddings again, with --labels"
                           : ": was made from other images than --data gives" +
                                 again(session, source.identity.step, "extract", "give the run's data")));
    if ((source.identity.num_classes == 0) != (sources.front().identity.num_classes == 0))
      throw InputError(session.run().root.string() + ": some checkpoints have a classifier and others none");
  }
}

// "checkpoint-0, checkpoint-2, checkpoint-4 and 7 more"
std::string first_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > kMost ? text + " and " + std::to_string(names.size() - kMost) + " more" : text;
}

}  // namespace

std::vector<CheckpointSource> read_sources(Session& session, const std::vector<std::int64_t>& steps) {
  support::Json list = support::Json::array();
  const std::string digest = session.test().digest();
  if (session.shows_training()) session.train_sample();  // by all ranks
  if (session.is_root()) {
    std::vector<CheckpointSource> sources;
    for (const std::int64_t step : steps) sources.push_back(read_source(session, step));
    check(session, sources, digest);
    for (CheckpointSource& source : sources) {
      if (session.shows_training()) source.training = read_training(session, source.identity);
      if (session.is_given() && source.identity.num_classes > 0)
        source.class_names = session.test().class_names();
      list.push_back(to_json(source));
    }
  }
  // Names are bytes of files, which need not be UTF-8.
  const auto bytes = support::Json::to_msgpack(list);
  const std::string text =
      comm::broadcast_string(session.communicator(), std::string(bytes.begin(), bytes.end()), 0);
  std::vector<CheckpointSource> sources;
  for (const auto& json : support::Json::from_msgpack(text)) sources.push_back(from_json(json));
  return sources;
}

void warn_of_precisions(const Session& session, const std::vector<CheckpointSource>& sources) {
  if (session.is_given()) return;
  std::map<std::string, std::vector<std::string>> embedded_in;
  for (const CheckpointSource& source : sources)
    embedded_in[source.identity.dtype].push_back("checkpoint-" + std::to_string(source.identity.step));
  if (embedded_in.size() < 2) return;
  const auto most =
      std::ranges::max_element(embedded_in, {}, [](const auto& entry) { return entry.second.size(); });
  std::string others;
  for (const auto& [dtype, names] : embedded_in)
    if (dtype != most->first) others += first_of(names) + " in " + dtype + ", ";
  support::log_warning(
      session.run().root.string() + ": not all checkpoints were embedded in the same precision: " + others +
      "the others in " + most->first +
      "; that alone moves points. zoetrope extract with one --precision embeds those anew that "
      "have their models");
}

void require_equal_width(const std::vector<CheckpointSource>& sources) {
  const store::EmbeddingsIdentity& first = sources.front().identity;
  for (const CheckpointSource& source : sources)
    if (source.identity.num_columns != first.num_columns)
      throw UsageError("step " + std::to_string(first.step) + " has " + std::to_string(first.num_columns) +
                       " columns, step " + std::to_string(source.identity.step) + " " +
                       std::to_string(source.identity.num_columns) + ": give --projection each");
}

}  // namespace zoetrope::pipeline
