// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/review/issues.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>
#include <string_view>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "csv.hpp"

namespace zoetrope::review {

namespace {

// The shortest text that reads back as the same number.
template <typename T>
std::string number(T value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// What is known of each image at the end of a run.
class Issues {
 public:
  explicit Issues(const Review& review)
      : review_(review),
        a_(review.analysis),
        images_(a_.num_images()),
        last_((a_.num_frames() - 1) * images_),
        has_classifier_(!a_.prediction.empty()),
        outlier_rank_(ascending_ranks(a_.ood_score.data() + last_, images_)) {
    if (has_classifier_) forgotten_ = forgetting_events(a_.label, a_.prediction);
  }

  std::vector<std::size_t> worth_a_look() const;
  std::string header() const;
  std::string line(std::size_t i) const;

 private:
  bool is_label_issue(std::size_t i) const {
    return !a_.label_issue.empty() && a_.label_issue[last_ + i] != 0;
  }
  std::int64_t duplicate_set(std::size_t i) const {
    return a_.duplicate_set.empty() ? -1 : a_.duplicate_set[last_ + i];
  }
  // Of the training images that are shown.
  std::int64_t leak(std::size_t i) const { return a_.leak.empty() ? -1 : a_.leak[last_ + i]; }
  std::string of_training(std::size_t i) const;
  bool is_outlier(std::size_t i) const {
    return outlier_rank_[i] <= static_cast<std::int64_t>(a_.num_outliers());
  }
  bool is_worth_a_look(std::size_t i) const {
    return is_label_issue(i) || duplicate_set(i) >= 0 || leak(i) >= 0 || is_outlier(i) ||
           (has_classifier_ && forgotten_[i] < 0);
  }
  // What else its logits say of its label and of it.
  std::string scores(std::size_t i) const;
  // The first step at which the prediction was the label; empty where it never was.
  std::string first_learnt(std::size_t i) const;

  const Review& review_;
  const store::Analysis& a_;
  std::size_t images_, last_;
  bool has_classifier_;
  std::vector<std::int64_t> outlier_rank_, forgotten_;
};

std::vector<std::size_t> Issues::worth_a_look() const {
  std::vector<std::size_t> all(images_);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::erase_if(all, [&](std::size_t i) { return !is_worth_a_look(i); });
  const std::vector<double>& worst_first = has_classifier_ ? a_.self_confidence : a_.ood_score;
  std::ranges::stable_sort(all, {}, [&](std::size_t i) { return worst_first[last_ + i]; });
  return all;
}

std::string Issues::first_learnt(std::size_t i) const {
  for (std::size_t t = 0; t < a_.num_frames(); ++t)
    if (a_.prediction[t * images_ + i] == a_.label[i]) return number(a_.step[t]);
  return "";
}

std::string Issues::scores(std::size_t i) const {
  std::string text;
  for (const std::vector<double>* score :
       {&a_.normalized_margin, &a_.confidence_weighted_entropy, &a_.mistakenness, &a_.hardness})
    text += (score->empty() ? "" : number((*score)[last_ + i])) + ",";
  return text;
}

std::string Issues::header() const {
  const std::string of_classifier =
      "prediction,confidence,self_confidence,self_confidence_gain,normalized_margin,"
      "confidence_weighted_entropy,mistakenness,hardness,label_issue,first_learnt_step,forgotten,";
  const std::string of_training = ",outlier_score_vs_train,mean_distance_to_train,leak,leak_name";
  return "index,name,label," + (has_classifier_ ? of_classifier : "") +
         "outlier_score,outlier_rank,mean_distance,duplicate_set" + (a_.leak.empty() ? "" : of_training) +
         "\n";
}

std::string Issues::of_training(std::size_t i) const {
  if (a_.leak.empty()) return "";
  std::string text =
      "," + number(a_.ood_vs_train[last_ + i]) + "," + number(a_.mean_distance_to_train[last_ + i]);
  if (leak(i) < 0) return text + ",,";
  const auto image = static_cast<std::size_t>(leak(i));
  return text + "," + number(a_.train_index[image]) + "," +
         (review_.train_names.empty() ? "" : csv_field(review_.train_names[image]));
}

std::string Issues::line(std::size_t i) const {
  const auto class_name = [&](std::int64_t c) {
    return csv_field(a_.class_names[static_cast<std::size_t>(c)]);
  };
  std::string text = number(i) + "," +
                     (review_.image_names.empty() ? "" : csv_field(review_.image_names[i])) + "," +
                     class_name(a_.label[i]) + ",";
  if (has_classifier_) {
    const double believed = a_.self_confidence[last_ + i];
    text += class_name(a_.prediction[last_ + i]) + "," + number(a_.confidence[last_ + i]) + "," +
            number(believed) + "," + number(believed - a_.self_confidence[i]) + "," + scores(i) +
            (is_label_issue(i) ? "1," : "0,") + first_learnt(i) + "," +
            (forgotten_[i] < 0 ? "" : number(forgotten_[i])) + ",";
  }
  text += number(a_.ood_score[last_ + i]) + "," + number(outlier_rank_[i]) + ",";
  text += (a_.mean_distance.empty() ? "" : number(a_.mean_distance[last_ + i])) + ",";
  return text + (duplicate_set(i) < 0 ? "" : number(duplicate_set(i))) + of_training(i) + "\n";
}

}  // namespace

void write_issues(const std::filesystem::path& path, const Review& review) {
  const trace::Span span("writing", path);
  const std::size_t images = review.analysis.num_images();
  if (!review.image_names.empty() && review.image_names.size() != images)
    throw UsageError(path.string() + ": " + std::to_string(review.image_names.size()) + " names of " +
                     std::to_string(images) + " images");
  const Issues issues(review);
  std::string text = issues.header();
  for (const std::size_t i : issues.worth_a_look()) {
    support::stop_point();
    text += issues.line(i);
  }
  support::write_file(path, text);
}

}  // namespace zoetrope::review
