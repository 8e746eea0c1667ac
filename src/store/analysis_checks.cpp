// SPDX-License-Identifier: Apache-2.0
#include "analysis_checks.hpp"

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <vector>

#include "number_checks.hpp"

namespace zoetrope::store {
namespace {

// `what` a number of the dataset is: said of the first for which `is_good` is false.
template <typename T, typename IsGood>
void require_numbers(const Refuse& refuse, const std::string& name, const std::vector<T>& values,
                     const std::string& what, IsGood is_good) {
  const auto bad = std::find_if_not(values.begin(), values.end(), is_good);
  if (bad == values.end()) return;
  std::ostringstream text;
  text << "value " << bad - values.begin() << " is " << *bad << ", which is no " << what;
  refuse(name, text.str());
}

template <typename Integer>
void require_indices(const Refuse& refuse, const std::string& name, const std::vector<Integer>& values,
                     std::size_t limit) {
  const auto bad = std::find_if(values.begin(), values.end(), [limit](Integer value) {
    return value < 0 || static_cast<std::uint64_t>(value) >= limit;
  });
  if (bad != values.end())
    refuse(name, "holds " + std::to_string(*bad) + ", which is not between 0 and " + std::to_string(limit) +
                     " - 1");
}

// Of those that may be of nothing, -1.
void require_indices_or_none(const Refuse& refuse, const std::string& name,
                             const std::vector<std::int64_t>& values, const std::string& what,
                             std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  require_numbers(refuse, name, values, what,
                  [most](std::int64_t index) { return index >= -1 && index < most; });
}

constexpr const char* kResult = "result of an analysis";

void check_training_numbers(const Analysis& a, const Refuse& refuse) {
  require_numbers(refuse, "train_pca", a.train_pca, kResult, is_result);
  require_numbers(refuse, "train_aligned", a.train_aligned, kResult, is_result);
  require_numbers(refuse, "train_confidence", a.train_confidence, kResult, is_result);
  require_numbers(refuse, "train_self_confidence", a.train_self_confidence, kResult, is_result);
  require_numbers(refuse, "train_before_on_plane", a.train_before_on_plane, kResult, is_result_or_unknown);
  require_numbers(refuse, "train_on_plane_before", a.train_on_plane_before, kResult, is_result_or_unknown);
  require_numbers(refuse, "ood_vs_train", a.ood_vs_train, kResult, is_result);
  require_numbers(refuse, "mean_distance_to_train", a.mean_distance_to_train, kResult, is_result);
}

// Whether a dataset is there, and whether another asks for it.
struct Presence {
  const char* name;
  bool is_there;
  const char* other;
  bool is_other_there;
};

}  // namespace

void check_members(const Analysis& a, const Refuse& refuse) {
  if (a.step.empty()) refuse("step", "names no checkpoint, and an analysis is of one or more");
  if (a.label.empty()) refuse("label", "names no image, and an analysis is of one or more");
  const bool has_margin = !a.normalized_margin.empty(), has_training = !a.train_label.empty();
  const bool has_training_prediction = has_training && !a.prediction.empty();
  const bool has_training_passage = has_training && !a.before_on_plane.empty();
  for (const auto& [name, is_there, other, is_other_there] :
       {Presence{"confidence", !a.confidence.empty(), "prediction", !a.prediction.empty()},
        {"self_confidence", !a.self_confidence.empty(), "prediction", !a.prediction.empty()},
        {"confidence_weighted_entropy", !a.confidence_weighted_entropy.empty(), "normalized_margin",
         has_margin},
        {"hardness", !a.hardness.empty(), "normalized_margin", has_margin},
        {"mistakenness", !a.mistakenness.empty(), "normalized_margin", has_margin},
        {"mean_distance_to_train", !a.mean_distance_to_train.empty(), "leak", !a.leak.empty()},
        {"train_prediction", !a.train_prediction.empty(), "prediction", has_training_prediction},
        {"train_confidence", !a.train_confidence.empty(), "prediction", has_training_prediction},
        {"train_self_confidence", !a.train_self_confidence.empty(), "prediction", has_training_prediction},
        {"train_before_on_plane", !a.train_before_on_plane.empty(), "before_on_plane", has_training_passage},
        {"train_on_plane_before", !a.train_on_plane_before.empty(), "before_on_plane", has_training_passage}})
    if (is_there != is_other_there)
      refuse(is_there ? other : name, std::string("is missing, and /") + (is_there ? name : other) +
                                          ", which comes with it, is there");
}

void check_numbers(const Analysis& a, const Refuse& refuse) {
  require_numbers(refuse, "step", a.step, "step", is_step);
  require_numbers(refuse, "epoch", a.epoch, "epoch", is_epoch);
  require_numbers(refuse, "explained_variance_ratio", a.explained_variance_ratio, "share",
                  is_result_or_unknown);
  require_numbers(refuse, "ood_score", a.ood_score, kResult, is_result);
  require_numbers(refuse, "pca", a.pca, kResult, is_result);
  require_numbers(refuse, "aligned", a.aligned, kResult, is_result);
  require_numbers(refuse, "disparity", a.disparity, kResult, is_result);
  require_numbers(refuse, "confidence", a.confidence, kResult, is_result);
  require_numbers(refuse, "self_confidence", a.self_confidence, kResult, is_result);
  require_numbers(refuse, "normalized_margin", a.normalized_margin, kResult, is_result);
  require_numbers(refuse, "confidence_weighted_entropy", a.confidence_weighted_entropy, kResult, is_result);
  require_numbers(refuse, "hardness", a.hardness, kResult, is_result);
  require_numbers(refuse, "mistakenness", a.mistakenness, kResult, is_result);
  require_numbers(refuse, "mean_distance", a.mean_distance, kResult, is_result);
  require_numbers(refuse, "trust", a.trust, kResult, is_result_or_unknown);
  require_numbers(refuse, "continuity", a.continuity, kResult, is_result_or_unknown);
  require_numbers(refuse, "before_on_plane", a.before_on_plane, kResult, is_result_or_unknown);
  require_numbers(refuse, "on_plane_before", a.on_plane_before, kResult, is_result_or_unknown);
  require_numbers(refuse, "plane_cosines", a.plane_cosines, kResult, is_result_or_unknown);
  require_numbers(refuse, "plane_classifier", a.plane_classifier, kResult, is_result_or_unknown);
  check_training_numbers(a, refuse);
}

void check_indices(const Analysis& a, const Refuse& refuse) {
  const std::size_t classes = a.class_names.size(), images = a.num_images();
  require_indices(refuse, "label", a.label, classes);
  require_indices(refuse, "neighbour", a.neighbour, images);
  require_indices(refuse, "outlier", a.outlier, images);
  require_indices(refuse, "prediction", a.prediction, classes);
  require_indices(refuse, "label_issue", a.label_issue, 2);
  require_indices_or_none(refuse, "duplicate_set", a.duplicate_set, "image", images);
  require_indices(refuse, "train_label", a.train_label, classes);
  require_indices(refuse, "train_prediction", a.train_prediction, classes);
  require_indices_or_none(refuse, "leak", a.leak, "training image", a.num_training());
  if (!std::ranges::all_of(a.train_index, [](std::int64_t place) { return place >= 0; }) ||
      std::ranges::adjacent_find(a.train_index, std::ranges::greater_equal{}) != a.train_index.end())
    refuse("train_index", "does not name images of the training split in their order");
}

}  // namespace zoetrope::store
