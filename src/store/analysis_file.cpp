// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/analysis_file.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "hdf5.hpp"
#include "number_checks.hpp"

namespace zoetrope::store {
namespace {

using Shape = std::vector<std::uint64_t>;

constexpr const char* kSourceDigest = "source_digest";
constexpr const char* kEmbeddingsDigest = "embeddings_digest";

// The datasets that have a member of their own; any other is a curve.
const std::set<std::string>& member_names() {
  static const std::set<std::string> names = {"step",
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
                                              "mean_distance",
                                              "neighbour",
                                              "duplicate_set",
                                              "label_issue",
                                              "trust",
                                              "continuity",
                                              "before_on_plane",
                                              "on_plane_before",
                                              "plane_cosines",
                                              kEmbeddingsDigest};
  return names;
}

// Reads datasets of one file, comparing each shape with what the others imply.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path), file_(Hdf5File::open(path)) {}

  const Hdf5File& file() const { return file_; }

  // The length of a 1-D dataset, or [first, ?] for a 2-D one.
  std::uint64_t length(const std::string& name, ElementType type) const {
    return shape(name, type, 1).front();
  }
  std::uint64_t width(const std::string& name, ElementType type) const { return shape(name, type, 2).back(); }

  std::vector<double> doubles(const std::string& name, const Shape& expected) const {
    require(name, ElementType::kFloat64, expected);
    return file_.read_doubles(name);
  }
  std::vector<std::int64_t> ints(const std::string& name, const Shape& expected) const {
    require(name, ElementType::kInt64, expected);
    return file_.read_ints(name);
  }
  std::vector<double> doubles_if_any(const std::string& name, const Shape& expected) const {
    return file_.has(name) ? doubles(name, expected) : std::vector<double>{};
  }
  std::vector<float> floats_if_any(const std::string& name, const Shape& expected) const {
    if (!file_.has(name)) return {};
    require(name, ElementType::kFloat32, expected);
    return file_.read_floats(name);
  }
  std::vector<std::int64_t> ints_if_any(const std::string& name, const Shape& expected) const {
    return file_.has(name) ? ints(name, expected) : std::vector<std::int64_t>{};
  }
  std::vector<std::int32_t> neighbours_if_any(const std::string& name, std::uint64_t frames,
                                              std::uint64_t images) const {
    if (!file_.has(name)) return {};
    require(name, ElementType::kInt32, {frames, images, shape(name, ElementType::kInt32, 3).back()});
    return file_.read_short_ints(name);
  }
  std::vector<std::string> strings_if_any(const std::string& name, std::uint64_t length) const {
    if (!file_.has(name)) return {};
    std::vector<std::string> strings = file_.read_strings(name);
    if (strings.size() != length) fail(name, "has not as many entries as there are frames");
    return strings;
  }
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw InputError(path_.string() + ": /" + name + ": " + what);
  }

 private:
  Shape shape(const std::string& name, ElementType type, std::size_t dimensions) const {
    Shape shape = file_.expect(name, type).shape;
    if (shape.size() != dimensions) {
      fail(name, "has " + std::to_string(shape.size()) + " dimensions, not " + std::to_string(dimensions));
    }
    return shape;
  }
  void require(const std::string& name, ElementType type, const Shape& expected) const {
    const Shape shape = file_.expect(name, type).shape;
    if (shape != expected)
      fail(name, "has shape " + to_text(shape) + "; the others ask for " + to_text(expected));
  }
  static std::string to_text(const Shape& shape) {
    std::string text;
    for (const std::uint64_t extent : shape) text += (text.empty() ? "[" : ", ") + std::to_string(extent);
    return text + "]";
  }

  std::filesystem::path path_;
  Hdf5File file_;
};

// Every number that is used as an index is one.
template <typename Integer>
void check_indices(const Reader& reader, const std::string& name, const std::vector<Integer>& values,
                   std::size_t limit) {
  const auto bad = std::find_if(values.begin(), values.end(), [limit](Integer value) {
    return value < 0 || static_cast<std::uint64_t>(value) >= limit;
  });
  if (bad != values.end()) {
    reader.fail(name, "holds " + std::to_string(*bad) + ", which is not between 0 and " +
                          std::to_string(limit) + " - 1");
  }
}

// `what` a number of the dataset is: said of the first for which `is_good` is false.
template <typename T, typename IsGood>
void check_numbers(const Reader& reader, const std::string& name, const std::vector<T>& values,
                   const std::string& what, IsGood is_good) {
  const auto bad = std::find_if_not(values.begin(), values.end(), is_good);
  if (bad == values.end()) return;
  std::ostringstream text;
  text << "value " << bad - values.begin() << " is " << *bad << ", which is no " << what;
  reader.fail(name, text.str());
}

// Losses and curves may be anything: what is not finite is not drawn.
void check_all_numbers(const Reader& reader, const Analysis& a) {
  check_numbers(reader, "step", a.step, "step", is_step);
  check_numbers(reader, "epoch", a.epoch, "epoch", is_epoch);
  check_numbers(reader, "explained_variance_ratio", a.explained_variance_ratio, "share",
                [](double value) { return std::isnan(value) || is_result(value); });
  const std::string result = "result of an analysis";
  check_numbers(reader, "ood_score", a.ood_score, result, is_result);
  check_numbers(reader, "pca", a.pca, result, is_result);
  check_numbers(reader, "aligned", a.aligned, result, is_result);
  check_numbers(reader, "disparity", a.disparity, result, is_result);
  check_numbers(reader, "confidence", a.confidence, result, is_result);
  check_numbers(reader, "self_confidence", a.self_confidence, result, is_result);
  const auto is_quality = [](float value) { return std::isnan(value) || is_result(value); };
  check_numbers(reader, "mean_distance", a.mean_distance, result,
                [](float value) { return is_result(value); });
  check_numbers(reader, "trust", a.trust, result, is_quality);
  check_numbers(reader, "continuity", a.continuity, result, is_quality);
  check_numbers(reader, "before_on_plane", a.before_on_plane, result, is_quality);
  check_numbers(reader, "on_plane_before", a.on_plane_before, result, is_quality);
  check_numbers(reader, "plane_cosines", a.plane_cosines, result,
                [](double value) { return std::isnan(value) || is_result(value); });
}

Analysis read_members(const Reader& reader) {
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
  a.prediction = reader.ints_if_any("prediction", {frames, images});
  a.confidence = reader.doubles_if_any("confidence", {frames, images});
  a.self_confidence = reader.doubles_if_any("self_confidence", {frames, images});
  a.mean_distance = reader.floats_if_any("mean_distance", {frames, images});
  a.neighbour = reader.neighbours_if_any("neighbour", frames, images);
  a.duplicate_set = reader.ints_if_any("duplicate_set", {frames, images});
  a.label_issue = reader.ints_if_any("label_issue", {frames, images});
  a.trust = reader.floats_if_any("trust", {frames, images});
  a.continuity = reader.floats_if_any("continuity", {frames, images});
  a.before_on_plane = reader.floats_if_any("before_on_plane", {frames, images, 2});
  a.on_plane_before = reader.floats_if_any("on_plane_before", {frames, images, 2});
  a.plane_cosines = reader.doubles_if_any("plane_cosines", {frames, 2, 2});
  a.embeddings_digest = reader.strings_if_any(kEmbeddingsDigest, frames);
  a.source_digest = reader.file().string_attribute("/", kSourceDigest);
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
  put_if_any(file, "mean_distance", a.mean_distance, {frames, images});
  put_if_any(file, "neighbour", a.neighbour, {frames, images, a.num_neighbours()});
  put_if_any(file, "duplicate_set", a.duplicate_set, {frames, images});
  put_if_any(file, "label_issue", a.label_issue, {frames, images});
  put_if_any(file, "trust", a.trust, {frames, images});
  put_if_any(file, "continuity", a.continuity, {frames, images});
  put_if_any(file, "before_on_plane", a.before_on_plane, {frames, images, 2});
  put_if_any(file, "on_plane_before", a.on_plane_before, {frames, images, 2});
  put_if_any(file, "plane_cosines", a.plane_cosines, {frames, 2, 2});
  if (!a.embeddings_digest.empty()) file.write(kEmbeddingsDigest, a.embeddings_digest);
  for (const auto& [name, values] : a.curves) put(file, name, values, {frames});
}

}  // namespace

void write_analysis(const std::filesystem::path& path, const Analysis& analysis) {
  const trace::Span span("writing", path);
  if (!analysis.embeddings_digest.empty() && analysis.embeddings_digest.size() != analysis.num_frames())
    throw RunError(path.string() + ": not as many digests of embeddings as frames");
  support::AtomicPath target(path);
  Hdf5File file = Hdf5File::create(target.temporary());
  write_members(file, analysis);
  file.set_attribute("/", kSourceDigest, analysis.source_digest);
  file.write_digest();
  file.close();
  target.commit();
}

bool has_epochs(const Analysis& analysis) {
  return analysis.step.empty() || analysis.step.back() == 0 || analysis.epoch.back() > 0;
}

std::vector<double> moments_of(const Analysis& analysis) {
  if (has_epochs(analysis)) return analysis.epoch;
  return {analysis.step.begin(), analysis.step.end()};
}

Analysis read_analysis(const std::filesystem::path& path) {
  const trace::Span span("reading", path);
  const Reader reader(path);
  Analysis analysis = read_members(reader);
  check_all_numbers(reader, analysis);
  reader.file().verify();
  check_indices(reader, "label", analysis.label, analysis.class_names.size());
  check_indices(reader, "neighbour", analysis.neighbour, analysis.num_images());
  check_indices(reader, "outlier", analysis.outlier, analysis.num_images());
  check_indices(reader, "prediction", analysis.prediction, analysis.class_names.size());
  check_indices(reader, "label_issue", analysis.label_issue, 2);
  const auto images = static_cast<std::int64_t>(analysis.num_images());
  check_numbers(reader, "duplicate_set", analysis.duplicate_set, "image",
                [images](std::int64_t image) { return image >= -1 && image < images; });
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
