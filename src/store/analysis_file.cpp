// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/analysis_file.hpp"

#include <algorithm>
#include <set>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/text.hpp"
#include "zoetrope/support/trace.hpp"

#include "analysis_checks.hpp"
#include "analysis_reader.hpp"
#include "hdf5.hpp"

namespace zoetrope::store {
namespace {

constexpr const char* kSourceDigest = "source_digest";
constexpr const char* kSearch = "neighbour_search";
constexpr const char* kSearchParameters = "neighbour_search_parameters";
constexpr const char* kRecall = "neighbour_recall";
constexpr const char* kEmbeddingsDigest = "embeddings_digest";

// The datasets that have a member of their own; any other is a curve.
const std::set<std::string>& member_names() {
  static const std::set<std::string> names = [] {
    std::set<std::string> all = {"step",
                                 "epoch",
                                 "loss",
                                 "label",
                                 "class_name",
                                 "ood_score",
                                 "outlier",
                                 "explained_variance_ratio",
                                 "pca",
                                 "aligned",
                                 "disparity",
                                 "prediction",
                                 "confidence",
                                 "self_confidence",
                                 "normalized_margin",
                                 "confidence_weighted_entropy",
                                 "hardness",
                                 "mistakenness",
                                 "mean_distance",
                                 "neighbour",
                                 "duplicate_set",
                                 "label_issue",
                                 "trust",
                                 "continuity",
                                 "before_on_plane",
                                 "on_plane_before",
                                 "plane_cosines",
                                 "plane_classifier",
                                 kEmbeddingsDigest};
    all.insert(training_names().begin(), training_names().end());
    return all;
  }();
  return names;
}

void read_classification(const AnalysisReader& reader, std::uint64_t frames, std::uint64_t images,
                         Analysis& a) {
  a.prediction = reader.ints_if_any("prediction", {frames, images});
  a.confidence = reader.doubles_if_any("confidence", {frames, images});
  a.self_confidence = reader.doubles_if_any("self_confidence", {frames, images});
  a.normalized_margin = reader.doubles_if_any("normalized_margin", {frames, images});
  a.confidence_weighted_entropy = reader.doubles_if_any("confidence_weighted_entropy", {frames, images});
  a.hardness = reader.doubles_if_any("hardness", {frames, images});
  a.mistakenness = reader.doubles_if_any("mistakenness", {frames, images});
  a.label_issue = reader.ints_if_any("label_issue", {frames, images});
}

Analysis read_members(const AnalysisReader& reader) {
  const std::uint64_t frames = reader.length("step", ElementType::kInt64);
  const std::uint64_t images = reader.length("label", ElementType::kInt64);
  Analysis a;
  a.step = reader.ints("step", {frames});
  a.epoch = reader.doubles("epoch", {frames});
  a.loss = reader.doubles("loss", {frames});
  a.label = reader.ints("label", {images});
  a.class_names = reader.file().read_strings("class_name");
  a.ood_score = reader.doubles("ood_score", {frames, images});
  a.outlier = reader.ints("outlier", {frames, reader.width("outlier", ElementType::kInt64)});
  a.pca = reader.doubles("pca", {frames, images, 2});
  a.explained_variance_ratio = reader.doubles("explained_variance_ratio", {frames, 2});
  a.aligned = reader.doubles("aligned", {frames, images, 2});
  a.disparity = reader.doubles("disparity", {frames});
  read_classification(reader, frames, images, a);
  a.mean_distance = reader.floats_if_any("mean_distance", {frames, images});
  a.neighbour = reader.neighbours_if_any("neighbour", frames, images);
  a.duplicate_set = reader.ints_if_any("duplicate_set", {frames, images});
  a.trust = reader.floats_if_any("trust", {frames, images});
  a.continuity = reader.floats_if_any("continuity", {frames, images});
  a.before_on_plane = reader.floats_if_any("before_on_plane", {frames, images, 2});
  a.on_plane_before = reader.floats_if_any("on_plane_before", {frames, images, 2});
  a.plane_cosines = reader.doubles_if_any("plane_cosines", {frames, 2, 2});
  a.plane_classifier = reader.doubles_if_any("plane_classifier", {frames, a.class_names.size(), 3});
  a.embeddings_digest = reader.strings_if_any(kEmbeddingsDigest, frames);
  a.source_digest = reader.file().string_attribute("/", kSourceDigest);
  a.neighbour_search = reader.file().string_attribute_if_any(kSearch);
  a.neighbour_search_parameters = reader.file().string_attribute_if_any(kSearchParameters);
  read_training(reader, frames, images, a);
  for (const std::string& name : reader.file().names()) {
    if (!member_names().contains(name)) a.curves[name] = reader.doubles(name, {frames});
  }
  return a;
}

// Writes one dataset of the given shape, which its values must fill.
template <typename T>
void put(Hdf5File& file, const std::string& name, const std::vector<T>& values, const Shape& shape) {
  support::stop_point();
  file.write(name, std::span<const T>(values), shape);
}
template <typename T>
void put_if_any(Hdf5File& file, const std::string& name, const std::vector<T>& values, const Shape& shape) {
  if (!values.empty()) put(file, name, values, shape);
}

void write_members(Hdf5File& file, const Analysis& a) {
  const std::uint64_t frames = a.num_frames();
  const std::uint64_t images = a.num_images();
  put(file, "step", a.step, {frames});
  put(file, "epoch", a.epoch, {frames});
  put(file, "loss", a.loss, {frames});
  put(file, "label", a.label, {images});
  file.write("class_name", a.class_names);
  put(file, "ood_score", a.ood_score, {frames, images});
  put(file, "outlier", a.outlier, {frames, a.num_outliers()});
  put(file, "pca", a.pca, {frames, images, 2});
  put(file, "explained_variance_ratio", a.explained_variance_ratio, {frames, 2});
  put(file, "aligned", a.aligned, {frames, images, 2});
  put(file, "disparity", a.disparity, {frames});
  put_if_any(file, "prediction", a.prediction, {frames, images});
  put_if_any(file, "confidence", a.confidence, {frames, images});
  put_if_any(file, "self_confidence", a.self_confidence, {frames, images});
  put_if_any(file, "normalized_margin", a.normalized_margin, {frames, images});
  put_if_any(file, "confidence_weighted_entropy", a.confidence_weighted_entropy, {frames, images});
  put_if_any(file, "hardness", a.hardness, {frames, images});
  put_if_any(file, "mistakenness", a.mistakenness, {frames, images});
  put_if_any(file, "mean_distance", a.mean_distance, {frames, images});
  put_if_any(file, "neighbour", a.neighbour, {frames, images, a.num_neighbours()});
  put_if_any(file, "duplicate_set", a.duplicate_set, {frames, images});
  put_if_any(file, "label_issue", a.label_issue, {frames, images});
  put_if_any(file, "trust", a.trust, {frames, images});
  put_if_any(file, "continuity", a.continuity, {frames, images});
  put_if_any(file, "before_on_plane", a.before_on_plane, {frames, images, 2});
  put_if_any(file, "on_plane_before", a.on_plane_before, {frames, images, 2});
  put_if_any(file, "plane_cosines", a.plane_cosines, {frames, 2, 2});
  put_if_any(file, "plane_classifier", a.plane_classifier, {frames, a.class_names.size(), 3});
  write_training(file, a);
  if (!a.embeddings_digest.empty()) file.write(kEmbeddingsDigest, a.embeddings_digest);
  for (const auto& [name, values] : a.curves) put(file, name, values, {frames});
}

}  // namespace

void require_results(const Analysis& analysis, const std::filesystem::path& path) {
  check_numbers(analysis, [&](const std::string& name, const std::string& what) {
    throw InputError(path.string() + ": /" + name + ": " + what +
                     ": the embeddings' values are too large; scale down those that were given, or train "
                     "with a smaller --learning-rate");
  });
}

void write_analysis(const std::filesystem::path& path, const Analysis& analysis) {
  const auto refuse = [&](const std::string& name, const std::string& what) {
    throw RunError(path.string() + ": /" + name + ": is not written: " + what);
  };
  check_members(analysis, refuse);
  check_indices(analysis, refuse);
  require_results(analysis, path);
  write_unchecked_analysis(path, analysis);
}

void write_unchecked_analysis(const std::filesystem::path& path, const Analysis& analysis) {
  const trace::Span span("writing", path);
  if (!analysis.embeddings_digest.empty() && analysis.embeddings_digest.size() != analysis.num_frames())
    throw RunError(path.string() + ": not as many digests of embeddings as frames");
  support::AtomicPath target(path);
  Hdf5File file = Hdf5File::create(target.temporary());
  write_members(file, analysis);
  file.set_attribute("/", kSourceDigest, analysis.source_digest);
  if (!analysis.neighbour_search.empty()) {
    file.set_attribute("/", kSearch, analysis.neighbour_search);
    file.set_attribute("/", kSearchParameters, analysis.neighbour_search_parameters);
  }
  file.write_digest();
  file.close();
  target.commit();
}

std::string search_text(const Analysis& analysis) {
  if (analysis.neighbour_search.empty()) return "";
  std::string by = "neighbours by " + analysis.neighbour_search;
  const auto recall = analysis.curves.find(kRecall);
  if (recall == analysis.curves.end() || recall->second.empty()) return by;
  const double least = *std::ranges::min_element(recall->second);
  return by + ": of the " + std::to_string(analysis.num_neighbours()) + " nearest " +
         (least < 1 ? "at least " : "") + support::format_fixed(100 * least, 2) + " % found";
}

bool has_epochs(const Analysis& analysis) {
  return analysis.step.empty() || analysis.epoch.back() > 0;
}

std::vector<double> moments_of(const Analysis& analysis) {
  if (has_epochs(analysis)) return analysis.epoch;
  return {analysis.step.begin(), analysis.step.end()};
}

Analysis read_analysis(const std::filesystem::path& path) {
  const trace::Span span("reading", path);
  const AnalysisReader reader(path);
  Analysis analysis = read_members(reader);
  const auto refuse = [&](const std::string& name, const std::string& what) { reader.fail(name, what); };
  check_members(analysis, refuse);
  check_numbers(analysis, refuse);
  reader.file().verify();
  check_indices(analysis, refuse);
  return analysis;
}

std::string read_source_digest(const std::filesystem::path& path) {
  try {
    return Hdf5File::open(path).string_attribute("/", kSourceDigest);
  } catch (const InputError&) {
    return "";
  }
}

}  // namespace zoetrope::store
