// SPDX-License-Identifier: Apache-2.0
// analysis.h5: everything computed from the embeddings of all checkpoints. T frames, N test images, C
// classes, K outliers per frame. Arrays are row-major; a member's name is its dataset's name (class_names:
// /class_name), and source_digest and the two before it are attributes of the file's root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace zoetrope::store {

struct Analysis {
  std::vector<std::int64_t> step;        // [T]
  std::vector<double> epoch;             // [T]
  std::vector<double> loss;              // [T], as logged last; nan before that
  std::vector<std::int64_t> label;       // [N]
  std::vector<std::string> class_names;  // [C]
  std::vector<double> ood_score;         // [T, N]
  std::vector<std::int64_t> outlier;     // [T, K], worst first
  // Empty in files of versions before them:
  std::vector<float> mean_distance;         // [T, N], to the neighbours of the score
  std::vector<std::int32_t> neighbour;      // [T, N, k], the images nearest in the embedding, nearest first
  std::vector<std::int64_t> duplicate_set;  // [T, N], the first image of the set of near duplicates, or -1
  std::vector<double> pca;                  // [T, N, 2]
  std::vector<double> explained_variance_ratio;  // [T, 2]
  std::vector<double> aligned;                   // [T, N, 2]
  std::vector<double> disparity;                 // [T]
  // [T], of each embeddings.h5 (EmbeddingsHeader); empty in files of versions before it
  std::vector<std::string> embeddings_digest;
  // What the classifier said, where it was kept; empty otherwise.
  std::vector<std::int64_t> prediction;  // [T, N], the most probable class
  std::vector<double> confidence;        // [T, N], its probability
  std::vector<double>
      self_confidence;  // [T, N], the given label's probability, cleanlab's label quality score
  std::vector<std::int64_t> label_issue;  // [T, N], 1 where cleanlab's find_label_issues would say so, else 0
  // [T, N] each, as in analysis::Classification; empty in files of versions before them, too.
  std::vector<double> normalized_margin, confidence_weighted_entropy, hardness, mistakenness;
  // How far each image's place in each picture can be trusted (analysis::PictureQuality); NaN of images that
  // were not looked at; empty where none was.
  std::vector<float> trust;       // [T, N]
  std::vector<float> continuity;  // [T, N]
  // How a frame's picture goes over into the next (analysis::Passage), with these; NaN of the first frame.
  std::vector<float> before_on_plane;  // [T, N, 2], the embedding before on this frame's plane
  std::vector<float> on_plane_before;  // [T, N, 2], this one on the plane before
  std::vector<double> plane_cosines;   // [T, 2, 2], the axes before times those of this frame
  // The logit of each class at a place (x, y) of `aligned`: row (a, b, c) gives a x + b y + c
  // (analysis::PlaneClassifier). NaN in frames of which it is not known; empty where it is of none.
  std::vector<double> plane_classifier;  // [T, C, 3]
  // Training images beside the test images, M of them; empty where none are shown.
  std::vector<std::int64_t> train_index;  // [M], their places in the training split, ascending
  std::vector<std::int64_t> train_label;  // [M]
  std::vector<double> train_pca;          // [T, M, 2], as pca; the next is as aligned
  std::vector<double> train_aligned;      // [T, M, 2]
  std::vector<std::int64_t>
      train_prediction;                       // [T, M], and the next two likewise; empty without a classifier
  std::vector<double> train_confidence;       // [T, M]
  std::vector<double> train_self_confidence;  // [T, M]
  std::vector<float> train_before_on_plane;   // [T, M, 2], from the mean of the test images, as is the next
  std::vector<float> train_on_plane_before;   // [T, M, 2]
  // The test images as the training images see them (analysis::AgainstTraining).
  std::vector<double> ood_vs_train;           // [T, N]
  std::vector<float> mean_distance_to_train;  // [T, N]
  std::vector<std::int64_t> leak;             // [T, N], which of the M training images, or -1
  // Companion curves of length T, by dataset name: accuracy, knn_accuracy, neighbour_preservation, ...
  std::map<std::string, std::vector<double>> curves;
  // How neighbours were searched for, approximately: "hnsw" or "ivf", and by what; both "" where exactly. The
  // curve neighbour_recall has how many were found.
  std::string neighbour_search;
  std::string neighbour_search_parameters;
  std::string source_digest;  // what it was computed from and how: equal means nothing is to do

  std::size_t num_frames() const { return step.size(); }
  std::size_t num_images() const { return label.size(); }
  std::size_t num_training() const { return train_label.size(); }
  std::size_t num_neighbours() const {
    return neighbour.empty() ? 0 : neighbour.size() / (step.size() * label.size());
  }
  std::size_t num_outliers() const { return step.empty() ? 0 : outlier.size() / step.size(); }
};

// What an approximate search left out, for people: "neighbours by hnsw: of the 10 nearest at least 99.31 %
// found"; "" of an exact one.
std::string search_text(const Analysis& analysis);

// False where nothing says what epoch the steps are in, as of embeddings that were given.
bool has_epochs(const Analysis& analysis);
// Where each frame stands in time: its epoch or, without epochs, its step.
std::vector<double> moments_of(const Analysis& analysis);

// InputError, which names `path`, where a number is no finite result, or one that no embeddings but too large
// ones come to: read_analysis() would refuse it.
void require_results(const Analysis& analysis, const std::filesystem::path& path);
// Writes only what read_analysis() takes. RunError when a member's size contradicts the others, or an index
// is none; InputError as require_results().
void write_analysis(const std::filesystem::path& path, const Analysis& analysis);
// InputError when a dataset is missing, its shape contradicts the others, it is of no frame or no image, a
// number is none that an analysis gives, or a bit of it has changed since it was written.
Analysis read_analysis(const std::filesystem::path& path);
// The file's source_digest, or "" when there is no readable file.
std::string read_source_digest(const std::filesystem::path& path);

}  // namespace zoetrope::store
