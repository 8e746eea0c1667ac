// SPDX-License-Identifier: Apache-2.0
// NumPy's .npz: a ZIP file of .npy files (numpy.lib.format, version 1.0).
#include <algorithm>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <iconv.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/new_file.hpp"

#include "exports.hpp"

namespace zoetrope::review {
namespace {

using Shape = std::vector<std::size_t>;

// A .npy file's header: magic, version, length, and a Python dict padded so that the data start at a multiple
// of 64.
std::string npy_header(const std::string& dtype, const Shape& shape) {
  std::string extent;
  for (const std::size_t size : shape) extent += std::to_string(size) + ", ";
  std::string dict = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + extent + "), }";
  constexpr std::size_t kBeforeDict = 10;
  dict.append(63 - (kBeforeDict + dict.size()) % 64, ' ').push_back('\n');
  std::string header("\x93NUMPY\x01\x00", 8);
  header.push_back(static_cast<char>(dict.size() & 0xff));
  header.push_back(static_cast<char>(dict.size() >> 8));
  return header + dict;
}

class NpzWriter {
 public:
  explicit NpzWriter(const std::filesystem::path& path)
      : path_(path), file_(path), archive_(archive_write_new(), archive_write_free) {
    if (!archive_) throw RunError(path.string() + ": cannot be created: out of memory");
    check(archive_write_set_format_zip(archive_.get()));
    check(archive_write_zip_set_compression_store(archive_.get()));
    check(archive_write_open_fd(archive_.get(), file_.descriptor()));
  }

  void add(const std::string& name, const std::string& dtype, const Shape& shape, const void* values,
           std::size_t bytes) {
    const std::string header = npy_header(dtype, shape);
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), (name + ".npy").c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(header.size() + bytes));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    check(archive_write_header(archive_.get(), entry.get()));
    write(header.data(), header.size());
    write(values, bytes);
  }
  void add(const std::string& name, const std::vector<double>& values, const Shape& shape) {
    add(name, "<f8", values, shape);
  }
  void add(const std::string& name, const std::vector<float>& values, const Shape& shape) {
    add(name, "<f4", values, shape);
  }
  void add(const std::string& name, const std::vector<std::int64_t>& values, const Shape& shape) {
    add(name, "<i8", values, shape);
  }
  void add(const std::string& name, const std::vector<std::int32_t>& values, const Shape& shape) {
    add(name, "<i4", values, shape);
  }
  void add(const std::string& name, const std::vector<std::uint8_t>& values, const Shape& shape) {
    add(name, "|u1", values, shape);
  }
  void add(const std::string& name, const std::vector<std::string>& texts);

  void close() {
    check(archive_write_close(archive_.get()));
    file_.close();
  }

 private:
  template <typename T>
  void add(const std::string& name, const char* dtype, const std::vector<T>& values, const Shape& shape) {
    if (!values.empty() || shape.front() == 0)
      add(name, dtype, shape, values.data(), values.size() * sizeof(T));
  }
  void write(const void* values, std::size_t size) {
    constexpr std::size_t kPiece = std::size_t{1} << 26;
    const char* bytes = static_cast<const char*>(values);
    for (std::size_t at = 0; at < size; at += kPiece) {
      support::stop_point();
      if (archive_write_data(archive_.get(), bytes + at, std::min(kPiece, size - at)) < 0)
        check(ARCHIVE_FATAL);
    }
  }
  void check(int result) const {
    if (result < ARCHIVE_WARN)
      throw RunError(path_.string() + ": cannot be written: " + archive_error_string(archive_.get()));
  }

  std::filesystem::path path_;
  support::NewFile file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
};

// NumPy's text: UTF-32, every item as long as the longest. A byte that is no UTF-8 becomes U+FFFD.
std::u32string to_utf32(const std::string& text) {
  std::u32string result(text.size(), U'\0');
  const std::unique_ptr<void, int (*)(iconv_t)> converter(iconv_open("UTF-32LE", "UTF-8"), iconv_close);
  char* in = const_cast<char*>(text.data());  // iconv only reads it
  std::size_t in_left = text.size();
  char* out = reinterpret_cast<char*>(result.data());
  std::size_t out_left = result.size() * sizeof(char32_t);
  while (in_left > 0 &&
         iconv(converter.get(), &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1)) {
    constexpr char32_t kReplacement = U'\uFFFD';
    out = std::copy_n(reinterpret_cast<const char*>(&kReplacement), sizeof kReplacement, out);
    out_left -= sizeof kReplacement;
    ++in;
    --in_left;
  }
  result.resize(result.size() - out_left / sizeof(char32_t));
  return result;
}

void NpzWriter::add(const std::string& name, const std::vector<std::string>& texts) {
  std::vector<std::u32string> wide;
  std::size_t width = 1;
  for (const std::string& text : texts) {
    wide.push_back(to_utf32(text));
    width = std::max(width, wide.back().size());
  }
  std::u32string block;
  for (std::u32string& text : wide) {
    text.resize(width, U'\0');
    block += text;
  }
  add(name, "<U" + std::to_string(width), {texts.size()}, block.data(), block.size() * sizeof(char32_t));
}

void add_training(NpzWriter& npz, const store::Analysis& a) {
  const std::size_t frames = a.num_frames(), images = a.num_images(), training = a.num_training();
  npz.add("train_index", a.train_index, {training});
  npz.add("train_label", a.train_label, {training});
  npz.add("train_pca", a.train_pca, {frames, training, 2});
  npz.add("train_aligned", a.train_aligned, {frames, training, 2});
  npz.add("train_prediction", a.train_prediction, {frames, training});
  npz.add("train_confidence", a.train_confidence, {frames, training});
  npz.add("train_self_confidence", a.train_self_confidence, {frames, training});
  npz.add("train_before_on_plane", a.train_before_on_plane, {frames, training, 2});
  npz.add("train_on_plane_before", a.train_on_plane_before, {frames, training, 2});
  npz.add("ood_vs_train", a.ood_vs_train, {frames, images});
  npz.add("mean_distance_to_train", a.mean_distance_to_train, {frames, images});
  npz.add("leak", a.leak, {frames, images});
}

void add_analysis(NpzWriter& npz, const store::Analysis& a) {
  const std::size_t frames = a.num_frames();
  const std::size_t images = a.num_images();
  npz.add("step", a.step, {frames});
  npz.add("epoch", a.epoch, {frames});
  npz.add("loss", a.loss, {frames});
  npz.add("label", a.label, {images});
  npz.add("class_name", a.class_names);
  npz.add("ood_score", a.ood_score, {frames, images});
  npz.add("outlier", a.outlier, {frames, a.num_outliers()});
  npz.add("pca", a.pca, {frames, images, 2});
  npz.add("explained_variance_ratio", a.explained_variance_ratio, {frames, 2});
  npz.add("aligned", a.aligned, {frames, images, 2});
  npz.add("disparity", a.disparity, {frames});
  npz.add("prediction", a.prediction, {frames, images});
  npz.add("confidence", a.confidence, {frames, images});
  npz.add("self_confidence", a.self_confidence, {frames, images});
  npz.add("normalized_margin", a.normalized_margin, {frames, images});
  npz.add("confidence_weighted_entropy", a.confidence_weighted_entropy, {frames, images});
  npz.add("hardness", a.hardness, {frames, images});
  npz.add("mistakenness", a.mistakenness, {frames, images});
  npz.add("label_issue", a.label_issue, {frames, images});
  npz.add("mean_distance", a.mean_distance, {frames, images});
  npz.add("neighbour", a.neighbour, {frames, images, a.num_neighbours()});
  npz.add("duplicate_set", a.duplicate_set, {frames, images});
  npz.add("trust", a.trust, {frames, images});
  npz.add("continuity", a.continuity, {frames, images});
  npz.add("before_on_plane", a.before_on_plane, {frames, images, 2});
  npz.add("on_plane_before", a.on_plane_before, {frames, images, 2});
  npz.add("plane_cosines", a.plane_cosines, {frames, 2, 2});
  npz.add("plane_classifier", a.plane_classifier, {frames, a.class_names.size(), 3});
  npz.add("embeddings_digest", a.embeddings_digest);
  if (!a.prediction.empty()) npz.add("forgetting_events", forgetting_events(a.label, a.prediction), {images});
  npz.add("label_issue_rank", label_issue_ranks(a), {images});
  for (const auto& [name, values] : a.curves) npz.add(name, values, {frames});
  add_training(npz, a);
}

}  // namespace

void write_npz(const std::filesystem::path& path, const ExportData& data) {
  const Images& images = data.review.images;
  const std::size_t count = data.review.analysis.num_images();
  NpzWriter npz(path);
  add_analysis(npz, data.review.analysis);
  if (!data.review.image_names.empty()) npz.add("image_name", data.review.image_names);
  npz.add("image", images.pixels,
          {count, static_cast<std::size_t>(images.height), static_cast<std::size_t>(images.width),
           static_cast<std::size_t>(images.channels)});
  for (const store::Embeddings& e : data.embeddings) {
    npz.add("embedding_" + std::to_string(e.identity.step), e.values,
            {count, static_cast<std::size_t>(e.identity.num_columns)});
  }
  npz.close();
}

}  // namespace zoetrope::review
