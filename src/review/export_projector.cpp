// SPDX-License-Identifier: Apache-2.0
// TensorBoard's embedding projector: projector_config.pbtxt names a tensor (.tsv), its metadata (.tsv, a
// header and a line for each row) and a sprite (one PNG with all thumbnails, row by row, as many columns as
// rows).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/new_file.hpp"

#include "exports.hpp"
#include "sheets.hpp"

namespace zoetrope::review {
namespace {

// A field of a TSV file: what would end the field or the line becomes a blank.
std::string field(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

void append(std::string& text, double value) {
  std::array<char, 32> digits;
  text.append(digits.data(),
              std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<float>(value)).ptr);
}

template <typename T>
std::string tensor_tsv(std::span<const T> values, std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    support::stop_point();
    append(text, values[i]);
    text += (i + 1) % columns == 0 ? '\n' : '\t';
  }
  return text;
}

// Of training images there are no scores.
void append_score(std::string& text, double score) {
  text += "\t";
  if (!std::isnan(score)) append(text, score);
}

std::string metadata_tsv(const ExportData& data) {
  const Review& review = data.review;
  const store::Analysis& a = review.analysis;
  const std::size_t images = a.num_images();
  const bool has_frames = a.num_frames() > 0;
  const std::size_t last = has_frames ? a.num_frames() - 1 : 0;
  std::string text = data.has_training() ? "index\tsplit\tlabel" : "index\tlabel";
  if (!review.image_names.empty()) text += "\tname";
  if (has_frames) text += "\tscore_first\tscore_last";
  if (!a.prediction.empty()) text += "\tprediction_last";
  text += "\n";
  for (std::size_t i = 0; i < images; ++i) {
    text += std::to_string(data.index(i)) + "\t";
    if (data.has_training()) text += std::string(data.split(i)) + "\t";
    text += field(a.class_names[static_cast<std::size_t>(a.label[i])]);
    if (!review.image_names.empty()) text += "\t" + field(review.image_names[i]);
    if (has_frames) {
      append_score(text, a.ood_score[i]);
      append_score(text, a.ood_score[last * images + i]);
    }
    if (!a.prediction.empty()) {
      text += "\t" + field(a.class_names[static_cast<std::size_t>(a.prediction[last * images + i])]);
    }
    text += "\n";
  }
  return text;
}

struct Entry {
  std::string name;
  std::size_t rows;
  std::size_t columns;
};

std::string config_of(const std::vector<Entry>& entries, const Sprite& sprite) {
  std::string text;
  for (const Entry& entry : entries) {
    text += "embeddings {\n  tensor_name: \"" + entry.name + "\"\n  tensor_path: \"" + entry.name +
            ".tsv\"\n  tensor_shape: " + std::to_string(entry.rows) +
            "\n  tensor_shape: " + std::to_string(entry.columns) + "\n  metadata_path: \"metadata.tsv\"\n";
    if (!sprite.pixels.empty()) {
      text += "  sprite {\n    image_path: \"sprite.png\"\n    single_image_dim: " +
              std::to_string(sprite.cell_width) +
              "\n    single_image_dim: " + std::to_string(sprite.cell_height) + "\n  }\n";
    }
    text += "}\n";
  }
  return text;
}

}  // namespace

void write_projector(const std::filesystem::path& folder, const ExportData& data) {
  const store::Analysis& a = data.review.analysis;
  support::create_new_folder(folder);
  std::vector<Entry> entries;
  const auto add = [&](const std::string& name, auto values, std::size_t columns) {
    support::write_file(folder / (name + ".tsv"), tensor_tsv(values, columns));
    entries.push_back({name, a.num_images(), columns});
  };
  for (const store::Embeddings& e : data.embeddings) {
    add("embedding_" + std::to_string(e.identity.step), std::span<const float>(e.values),
        static_cast<std::size_t>(e.identity.num_columns));
  }
  for (std::size_t t = 0; t < a.num_frames(); ++t) {
    const bool is_end = t == 0 || t + 1 == a.num_frames();
    if (is_end) add("pca_" + std::to_string(a.step[t]), frame_of(a.aligned, t, 2 * a.num_images()), 2);
  }
  const Sprite sprite = make_sprite(data.review.images, static_cast<std::int64_t>(a.num_images()));
  if (!sprite.pixels.empty()) {
    support::write_file(folder / "sprite.png",
                        encode_png(sprite.pixels, sprite.width, sprite.height, data.review.images.channels));
  }
  support::write_file(folder / "metadata.tsv", metadata_tsv(data));
  support::write_file(folder / "projector_config.pbtxt", config_of(entries, sprite));
}

}  // namespace zoetrope::review
