// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/export.hpp"

#include <functional>
#include <map>

#include <png.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/text.hpp"

#include "exports.hpp"

namespace zoetrope::review {
namespace {

struct Format {
  const char* file_name;
  std::function<void(const std::filesystem::path&, const ExportData&)> write;
  bool is_table = true;  // with a row for each image, training images' behind the test images'
};

const std::map<std::string, Format>& formats() {
  static const std::map<std::string, Format> all = {{"npz", {"review.npz", write_npz, false}},
                                                    {"parquet", {"review.parquet", write_parquet}},
                                                    {"projector", {"projector", write_projector}},
                                                    {"spotlight", {"review.spotlight.h5", write_spotlight}}};
  return all;
}

store::Embeddings read_rows(const store::RunDirectory& run, std::int64_t step, store::EmbeddedSplit split,
                            std::size_t rows) {
  store::Embeddings found = store::read_embeddings(run.checkpoint(step), split);
  if (found.identity.num_rows != static_cast<std::int64_t>(rows))
    throw InputError((run.checkpoint(step) / store::embeddings_file_of(split)).string() + ": has " +
                     std::to_string(found.identity.num_rows) + " rows, the analysis has " +
                     std::to_string(rows) + "; run zoetrope analyze again");
  return found;
}

// Of the test images, and behind them of training images, where the table has such.
std::vector<store::Embeddings> read_ends(const store::RunDirectory& run, const store::Analysis& analysis,
                                         bool with_training) {
  std::vector<store::Embeddings> found;
  if (analysis.step.empty()) return found;
  for (const std::int64_t step : {analysis.step.front(), analysis.step.back()}) {
    const bool again = !found.empty() && found.back().identity.step == step;
    if (again || !support::is_listed(run.embeddings(step))) continue;
    if (with_training && !support::is_listed(run.train_embeddings(step))) continue;
    found.push_back(read_rows(run, step, store::EmbeddedSplit::kTest, analysis.num_images()));
    if (!with_training) continue;
    const store::Embeddings more =
        read_rows(run, step, store::EmbeddedSplit::kTrain, analysis.num_training());
    if (more.identity.num_columns != found.back().identity.num_columns)
      throw InputError(run.train_embeddings(step).string() + ": has " +
                       std::to_string(more.identity.num_columns) +
                       " columns, those of the test images have " +
                       std::to_string(found.back().identity.num_columns) + "; run zoetrope extract again");
    found.back().values.insert(found.back().values.end(), more.values.begin(), more.values.end());
  }
  return found;
}

}  // namespace

// By libpng, which filters the rows: without filters, as render's write_png writes its flat frames,
// photographs are a third larger.
std::string encode_png(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height,
                       std::int64_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    throw RunError(std::string("an image cannot be packed as PNG: ") + image.message);
  }
  bytes.resize(size);
  return bytes;
}

std::vector<std::string> encode_images(const Review& review) {
  const Images& images = review.images;
  std::vector<std::string> encoded;
  if (images.pixels.empty()) return encoded;
  const auto size = static_cast<std::size_t>(images.height * images.width * images.channels);
  for (std::size_t i = 0; i < review.analysis.num_images(); ++i) {
    support::stop_point();
    encoded.push_back(encode_png(std::span(images.pixels).subspan(i * size, size), images.width,
                                 images.height, images.channels));
  }
  return encoded;
}

const std::vector<std::string>& export_formats() {
  static const std::vector<std::string> names = {"npz", "parquet", "projector", "spotlight"};
  return names;
}

std::filesystem::path export_review(const std::string& format, const store::RunDirectory& run,
                                    const Review& review) {
  const auto found = formats().find(format);
  if (found == formats().end()) {
    const std::string near = support::nearest_word(format, export_formats());
    throw UsageError("--export " + format + " is unknown; " +
                     (near.empty() ? "" : "did you mean " + near + "? ") +
                     "It takes npz, parquet, projector or spotlight");
  }
  support::AtomicPath target(run.root / found->second.file_name);
  const std::size_t num_test = review.analysis.num_images();
  const bool with_training = found->second.is_table && review.analysis.num_training() > 0;
  const std::vector<store::Embeddings> ends = read_ends(run, review.analysis, with_training);
  found->second.write(target.temporary(),
                      {with_training ? with_training_rows(review) : review, ends, num_test});
  target.commit();
  return run.root / found->second.file_name;
}

}  // namespace zoetrope::review
