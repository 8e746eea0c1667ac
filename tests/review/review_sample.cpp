// SPDX-License-Identifier: Apache-2.0
// Writes the page of a made-up run, or with export= a run directory with its exports, for browser.py,
// export_test.py and for a look at it:
//   review_sample OUT [images=N] [frames=T] [classes=C] [channels=1|3] [hostile=1] [predictions=0] [given=1]
//   [scattered=1] [regions=1] [training=M] [epochs=E] [unlogged=CHECKPOINTS] [lines=LINES] [alike=CLASSES]
//   [refresh=SECONDS] [asks=IMAGES] [columns=FILE.csv] [export=FORMAT]
#include <cstdio>
#include <string>

#include "zoetrope/review/export.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"

#include "review/sample_run.hpp"

namespace {

using namespace zoetrope::review;

// Image i's embedding at a checkpoint is (step, i, 0, 1), training image j's (step, j, 1, 1).
zoetrope::store::Embeddings embeddings_of(std::int64_t step, const Review& review,
                                          zoetrope::store::EmbeddedSplit split) {
  const bool is_test = split == zoetrope::store::EmbeddedSplit::kTest;
  zoetrope::store::Embeddings embeddings;
  embeddings.identity.step = step;
  embeddings.identity.split = split;
  embeddings.identity.num_columns = 4;
  embeddings.identity.num_rows =
      static_cast<std::int64_t>(is_test ? review.analysis.num_images() : review.analysis.num_training());
  if (!is_test) embeddings.identity.index = review.analysis.train_index;
  for (std::int64_t i = 0; i < embeddings.identity.num_rows; ++i)
    embeddings.values.insert(embeddings.values.end(),
                             {static_cast<float>(step), static_cast<float>(i), is_test ? 0.0F : 1.0F, 1});
  return embeddings;
}

void write_export(const std::filesystem::path& folder, const std::string& format, const Review& review) {
  const zoetrope::store::RunDirectory run{folder};
  for (const std::int64_t step : {review.analysis.step.front(), review.analysis.step.back()}) {
    std::filesystem::create_directories(run.checkpoint(step));
    using zoetrope::store::EmbeddedSplit;
    for (const EmbeddedSplit split : {EmbeddedSplit::kTest, EmbeddedSplit::kTrain})
      if (split == EmbeddedSplit::kTest || review.analysis.num_training() > 0)
        zoetrope::store::write_embeddings(run.checkpoint(step), embeddings_of(step, review, split));
  }
  zoetrope::store::write_analysis(run.analysis(), review.analysis);
  export_review(format, run, review);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  SampleOptions options;
  PageOptions page;
  std::string format, columns;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    const std::string key = argument.substr(0, equals);
    if (key == "export") {
      format = argument.substr(equals + 1);
      continue;
    }
    if (key == "columns") {
      columns = argument.substr(equals + 1);
      continue;
    }
    if (key == "epochs") options.epochs = std::stod(argument.substr(equals + 1));
    const long value = std::stol(argument.substr(equals + 1));
    if (key == "images") options.images = value;
    if (key == "frames") options.frames = value;
    if (key == "given") options.given = value != 0;
    if (key == "classes") options.classes = value;
    if (key == "channels") options.channels = value;
    if (key == "training") options.training = value;
    if (key == "side") options.side = value;
    if (key == "alike") options.alike = value;
    if (key == "unlogged") options.unlogged = value;
    if (key == "lines") options.lines = value;
    if (key == "scattered") options.scattered = value != 0;
    if (key == "hostile") options.hostile_names = value != 0;
    if (key == "predictions") options.predictions = value != 0;
    if (key == "regions") options.regions = value != 0;
    if (key == "asks") page.asks_from = value;
    if (key == "refresh") page.refresh_seconds = static_cast<int>(value);
  }
  try {
    Review review = make_sample(options);
    if (!columns.empty())
      review.columns = read_columns(columns, review.analysis.num_images(), review.image_names);
    if (format.empty()) {
      write_page(argv[1], review, page);
    } else {
      write_export(argv[1], format, review);
    }
  } catch (const zoetrope::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
