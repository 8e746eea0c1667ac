// SPDX-License-Identifier: Apache-2.0
// What analysis.h5 holds of training images.
#include <span>

#include "zoetrope/support/interruption.hpp"

#include "analysis_reader.hpp"

namespace zoetrope::store {

namespace {

template <typename T>
void put_values(Hdf5File& file, const std::string& name, const std::vector<T>& values, const Shape& shape) {
  support::stop_point();
  if (!values.empty()) file.write(name, std::span<const T>(values), shape);
}

}  // namespace

const std::vector<std::string>& training_names() {
  static const std::vector<std::string> names = {"train_index",
                                                 "train_label",
                                                 "train_pca",
                                                 "train_aligned",
                                                 "train_prediction",
                                                 "train_confidence",
                                                 "train_self_confidence",
                                                 "train_before_on_plane",
                                                 "train_on_plane_before",
                                                 "ood_vs_train",
                                                 "mean_distance_to_train",
                                                 "leak"};
  return names;
}

void read_training(const AnalysisReader& reader, std::uint64_t frames, std::uint64_t images, Analysis& a) {
  if (!reader.file().has("train_label")) return;
  const std::uint64_t training = reader.length("train_label", ElementType::kInt64);
  a.train_label = reader.ints("train_label", {training});
  a.train_index = reader.ints("train_index", {training});
  a.train_pca = reader.doubles("train_pca", {frames, training, 2});
  a.train_aligned = reader.doubles("train_aligned", {frames, training, 2});
  a.train_prediction = reader.ints_if_any("train_prediction", {frames, training});
  a.train_confidence = reader.doubles_if_any("train_confidence", {frames, training});
  a.train_self_confidence = reader.doubles_if_any("train_self_confidence", {frames, training});
  a.train_before_on_plane = reader.floats_if_any("train_before_on_plane", {frames, training, 2});
  a.train_on_plane_before = reader.floats_if_any("train_on_plane_before", {frames, training, 2});
  a.ood_vs_train = reader.doubles("ood_vs_train", {frames, images});
  a.mean_distance_to_train = reader.floats_if_any("mean_distance_to_train", {frames, images});
  a.leak = reader.ints("leak", {frames, images});
}

void write_training(Hdf5File& file, const Analysis& a) {
  const std::uint64_t frames = a.num_frames(), images = a.num_images(), training = a.num_training();
  put_values(file, "train_label", a.train_label, {training});
  put_values(file, "train_index", a.train_index, {training});
  put_values(file, "train_pca", a.train_pca, {frames, training, 2});
  put_values(file, "train_aligned", a.train_aligned, {frames, training, 2});
  put_values(file, "train_prediction", a.train_prediction, {frames, training});
  put_values(file, "train_confidence", a.train_confidence, {frames, training});
  put_values(file, "train_self_confidence", a.train_self_confidence, {frames, training});
  put_values(file, "train_before_on_plane", a.train_before_on_plane, {frames, training, 2});
  put_values(file, "train_on_plane_before", a.train_on_plane_before, {frames, training, 2});
  put_values(file, "ood_vs_train", a.ood_vs_train, {frames, images});
  put_values(file, "mean_distance_to_train", a.mean_distance_to_train, {frames, images});
  put_values(file, "leak", a.leak, {frames, images});
}

}  // namespace zoetrope::store
