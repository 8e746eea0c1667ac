// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/spotlight_file.hpp"
#include "zoetrope/support/interruption.hpp"

#include "exports.hpp"

namespace zoetrope::review {
namespace {

// What is known of the images at frame t; `suffix` is "_first" or "_last".
void add_frame(store::SpotlightFile& file, const ExportData& data, std::size_t t, const std::string& suffix) {
  const store::Analysis& a = data.review.analysis;
  const std::size_t images = a.num_images();
  file.add_floats("scores" + suffix, frame_of(a.ood_score, t, images));
  const std::vector<std::int64_t> ranks = ascending_ranks(a.ood_score.data() + t * images, images);
  file.add_ints("rank" + suffix, data.of_test(ranks));
  const auto points = frame_of(a.aligned, t, 2 * images);
  const std::vector<float> floats(points.begin(), points.end());
  file.add_embeddings("pca" + suffix, floats, 2);
  if (!a.prediction.empty())
    file.add_categories("prediction" + suffix, frame_of(a.prediction, t, images), a.class_names);
  if (!a.confidence.empty()) file.add_floats("confidence" + suffix, frame_of(a.confidence, t, images));
}

}  // namespace

void write_spotlight(const std::filesystem::path& path, const ExportData& data) {
  const store::Analysis& a = data.review.analysis;
  store::SpotlightFile file(path);
  add_image_columns(file, data);
  file.add_ints("labels", a.label);
  file.add_categories("label_str", a.label, a.class_names);
  if (a.num_frames() > 0) {
    add_frame(file, data, 0, "_first");
    add_frame(file, data, a.num_frames() - 1, "_last");
  }
  if (!a.prediction.empty()) file.add_ints("forgetting_events", forgetting_events(a.label, a.prediction));
  if (const auto ranks = label_issue_ranks(a); !ranks.empty())
    file.add_ints("label_issue_rank", data.of_test(ranks));
  for (const store::Embeddings& embeddings : data.embeddings) {
    support::stop_point();
    file.add_embeddings("embedding_" + std::to_string(embeddings.identity.step), embeddings.values,
                        static_cast<std::size_t>(embeddings.identity.num_columns));
  }
  file.close();
}

}  // namespace zoetrope::review
