// SPDX-License-Identifier: Apache-2.0
#include "review/sample_run.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

namespace zoetrope::review {
namespace {

const std::vector<std::string> kClassNames = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                              "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
const std::vector<std::string> kHostileNames = {"<script>window.hacked = 1</script>",
                                                "</script><img src=x onerror=\"window.hacked = 2\">",
                                                "\"quotes\" & 'apostrophes' \\ {{meta}}",
                                                "<b>bold</b> <a href=\"javascript:window.hacked=3\">link</a>",
                                                "大きさ 漢字",
                                                "حجم",
                                                "Größe\nnew line",
                                                "\u2028 separator",
                                                "👟 emoji",
                                                std::string(80, 'W')};

class Maker {
 public:
  explicit Maker(const SampleOptions& options) : options_(options) {
    const auto images = static_cast<std::size_t>(options.images);
    for (std::size_t i = 0; i < images; ++i) {
      const auto true_class = static_cast<std::int64_t>(i * 7919 % static_cast<std::size_t>(options.classes));
      true_class_.push_back(true_class);
      strangeness_.push_back(i % 97 == 5 ? 2.5 : 0.35 + 0.1 * normal_(random_));
      wander_.push_back(normal_(random_));
      wander_.push_back(normal_(random_));
    }
  }

  Review make() {
    Review review;
    review.title = options_.hostile_names ? "<i>run</i> & \"run\"" : "Fine-tuning on a sample";
    fill_classes(review);
    store::Analysis& a = review.analysis;
    for (std::int64_t t = 0; t < options_.frames; ++t) {
      add_frame(t, a);
      add_quality(t, a);
      add_neighbours(t, a);
      if (options_.regions) add_regions(t, a);
    }
    add_outliers(a);
    add_log(review);
    draw_images(review.images);
    if (options_.training > 0) add_training(review);
    if (options_.given) forget_model(review);
    a.source_digest = "sample";
    return review;
  }

 private:
  static void forget_model(Review& review) {
    store::Analysis& a = review.analysis;
    a.epoch.assign(a.num_frames(), 0);
    review.log.clear();
    review.images = {};
    for (std::size_t i = 0; i < a.num_images(); ++i)
      review.image_names.push_back("sounds/" + std::to_string(i) + ".wav");
  }

  double progress(std::int64_t t) const {
    return options_.frames <= 1 ? 1 : static_cast<double>(t) / static_cast<double>(options_.frames - 1);
  }

  void fill_classes(Review& review) {
    const std::vector<std::string>& names = options_.hostile_names ? kHostileNames : kClassNames;
    for (std::int64_t c = 0; c < options_.classes; ++c) {
      const auto at = static_cast<std::size_t>(c);
      review.analysis.class_names.push_back(at < names.size() ? names[at] : "class " + std::to_string(c));
    }
    for (std::size_t i = 0; i < true_class_.size(); ++i) {
      const bool mislabelled = i % 61 == 3;
      review.analysis.label.push_back((true_class_[i] + (mislabelled ? 1 : 0)) % options_.classes);
      if (options_.hostile_names)
        review.image_names.push_back(kHostileNames[i % kHostileNames.size()] + std::to_string(i));
    }
  }

  void add_frame(std::int64_t t, store::Analysis& a) {
    const double p = progress(t);
    const double spread = 3.5 * (1 - std::exp(-3 * p));
    a.step.push_back(20 * t);
    a.epoch.push_back(options_.epochs * p);
    a.loss.push_back(2.3 * std::exp(-2.5 * p) + 0.2);
    a.disparity.push_back(t == 0 ? 0 : 0.4 * std::exp(-4 * p));
    a.explained_variance_ratio.insert(a.explained_variance_ratio.end(), {0.2 + 0.2 * p, 0.1 + 0.1 * p});
    std::int64_t right = 0;
    for (std::size_t i = 0; i < true_class_.size(); ++i) {
      const auto place = static_cast<double>(true_class_[i] < options_.alike ? 0 : true_class_[i]);
      const double angle = 2 * M_PI * place / static_cast<double>(options_.classes) + 0.6 * p;
      const double size = (1.4 - 0.9 * p) * (strangeness_[i] > 2 ? 2.2 : 1);
      for (int axis = 0; axis < 2; ++axis) {
        const double centre = spread * (axis == 0 ? std::cos(angle) : std::sin(angle));
        const double jitter = wander_[2 * i + static_cast<std::size_t>(axis)] + 0.12 * normal_(random_);
        a.aligned.push_back(centre + size * jitter * 0.6);
      }
      a.ood_score.push_back(
          std::exp(-std::max(0.02, strangeness_[i] * (1.1 - 0.4 * p) + 0.05 * normal_(random_))));
      right += add_prediction(i, p, a);
    }
    a.curves["accuracy"].push_back(static_cast<double>(right) /
                                   static_cast<double>(std::max<std::size_t>(1, true_class_.size())));
    a.curves["knn_accuracy"].push_back(0.4 + 0.5 * p);
  }

  // 1 where the prediction is the true class.
  std::int64_t add_prediction(std::size_t i, double p, store::Analysis& a) {
    const bool knows = uniform_(random_) < 0.1 + 0.87 * (1 - std::exp(-4 * p));
    const auto shift =
        knows ? 0
              : 1 + static_cast<std::int64_t>(uniform_(random_) * static_cast<double>(options_.classes - 1));
    const std::int64_t guess = (true_class_[i] + shift) % options_.classes;
    if (!options_.predictions) return knows;
    const double confidence = std::min(0.999, 0.3 + 0.65 * p + 0.05 * uniform_(random_));
    a.prediction.push_back(guess);
    a.label_issue.push_back(guess != a.label[i] && guess == true_class_[i] ? 1 : 0);
    a.confidence.push_back(confidence);
    a.self_confidence.push_back(guess == a.label[i] ? confidence : (1 - confidence) * uniform_(random_));
    add_label_quality(guess == a.label[i], a);
    return knows;
  }

  // As of two classes, and hardness of ten.
  static void add_label_quality(bool is_right, store::Analysis& a) {
    const double sure = a.confidence.back(), given = a.self_confidence.back();
    a.normalized_margin.push_back((given - (is_right ? 0.9 * std::min(sure, 1 - sure) : sure) + 1) / 2);
    a.confidence_weighted_entropy.push_back(given);
    a.hardness.push_back(-sure * std::log(sure) - (1 - sure) * std::log((1 - sure) / 9));
    a.mistakenness.push_back((1 + (is_right ? -sure : sure)) / 2);
  }

  // Better and better, and worse for what does not belong.
  void add_quality(std::int64_t t, store::Analysis& a) {
    const double p = progress(t);
    double sum = 0;
    for (const double strangeness : strangeness_) {
      const double doubt = (0.3 - 0.2 * p) * strangeness * 2;
      a.trust.push_back(static_cast<float>(std::clamp(1 - doubt * uniform_(random_), 0.0, 1.0)));
      a.continuity.push_back(static_cast<float>(std::clamp(1 - doubt * uniform_(random_), 0.0, 1.0)));
      sum += a.trust.back();
    }
    a.curves["trustworthiness"].push_back(sum /
                                          static_cast<double>(std::max<std::size_t>(1, strangeness_.size())));
  }

  // The nearest centre m has the greatest 2 m p - m m.
  void add_regions(std::int64_t t, store::Analysis& a) const {
    const auto classes = static_cast<std::size_t>(options_.classes);
    const std::size_t images = true_class_.size(), first = static_cast<std::size_t>(t) * images;
    std::vector<double> sums(3 * classes);
    for (std::size_t i = 0; i < images; ++i) {
      double* const sum = &sums[3 * static_cast<std::size_t>(true_class_[i])];
      for (std::size_t axis = 0; axis < 2; ++axis) sum[axis] += a.aligned[2 * (first + i) + axis];
      ++sum[2];
    }
    for (std::size_t c = 0; c < classes; ++c) {
      const double x = sums[3 * c] / sums[3 * c + 2], y = sums[3 * c + 1] / sums[3 * c + 2];
      a.plane_classifier.insert(a.plane_classifier.end(), {2 * x, 2 * y, -x * x - y * y});
    }
    a.curves["region_agreement"].push_back(0.25 + 0.4 * progress(t));
  }

  // Who stands beside an image on two circles, on which all wander, less and less, and gather by class.
  void add_neighbours(std::int64_t t, store::Analysis& a) {
    const std::size_t images = true_class_.size();
    const std::size_t k = std::min<std::size_t>(10, images - std::min<std::size_t>(1, images));
    std::array<std::vector<std::size_t>, 2> circles, places;
    for (std::size_t c = 0; c < 2; ++c) {
      wander(progress(t), angles_[c]);
      circles[c].resize(images);
      places[c].resize(images);
      std::iota(circles[c].begin(), circles[c].end(), 0);
      std::sort(circles[c].begin(), circles[c].end(),
                [&](std::size_t i, std::size_t j) { return angles_[c][i] < angles_[c][j]; });
      for (std::size_t r = 0; r < images; ++r) places[c][circles[c][r]] = r;
    }
    for (std::size_t i = 0; i < images; ++i) {
      std::vector<std::int32_t> list;
      for (std::size_t way = 0; list.size() < k; ++way) {
        const std::size_t c = way / 2 % 2, away = way / 4 + 1;
        const std::size_t r = places[c][i] + (way % 2 == 0 ? away : images - away % images);
        const std::size_t one = options_.scattered ? neighbour_random_() % images : circles[c][r % images];
        const auto other = static_cast<std::int32_t>(one);
        if (one != i && std::find(list.begin(), list.end(), other) == list.end()) list.push_back(other);
      }
      a.neighbour.insert(a.neighbour.end(), list.begin(), list.end());
    }
  }

  // The angles of all images, in parts of the circle: anywhere at first, at last in their class's part.
  void wander(double p, std::vector<double>& angles) {
    for (std::size_t i = 0; i < true_class_.size(); ++i) {
      if (angles.size() == i) angles.push_back(wanderings_(neighbour_random_));
      const double stride = (1.1 - p) * 3 / static_cast<double>(true_class_.size());
      const double part =
          angles[i] * static_cast<double>(options_.classes) - static_cast<double>(true_class_[i]);
      angles[i] += stride * (wanderings_(neighbour_random_) - 0.5) +
                   0.3 * p * (std::clamp(part, 0.1, 0.9) - part) / static_cast<double>(options_.classes);
    }
  }

  void add_outliers(store::Analysis& a) const {
    const std::size_t images = true_class_.size();
    const std::size_t k = std::min<std::size_t>(8, images);
    a.pca = a.aligned;
    for (std::size_t t = 0; t < a.step.size(); ++t) {
      const std::vector<std::int64_t> ranks = ascending_ranks(a.ood_score.data() + t * images, images);
      std::vector<std::int64_t> worst(k);
      for (std::size_t i = 0; i < images; ++i) {
        if (ranks[i] <= static_cast<std::int64_t>(k))
          worst[static_cast<std::size_t>(ranks[i] - 1)] = static_cast<std::int64_t>(i);
      }
      a.outlier.insert(a.outlier.end(), worst.begin(), worst.end());
    }
  }

  void add_log(Review& review) const {
    const store::Analysis& a = review.analysis;
    const auto unlogged = static_cast<std::size_t>(options_.unlogged);
    for (std::size_t t = 1; options_.lines == 0 && t + unlogged < a.step.size(); ++t)
      review.log.push_back(log_line(a.step[t], a.epoch[t], a.loss[t]));
    for (std::int64_t k = 1; k <= options_.lines; ++k) {
      const double share = static_cast<double>(k) / static_cast<double>(options_.lines);
      review.log.push_back(log_line(k, share * options_.epochs, 5 + static_cast<double>(k % 3)));
    }
  }

  store::LossRecord log_line(std::int64_t step, double epoch, double loss) const {
    store::LossRecord record;
    record.step = step;
    record.epoch = epoch;
    record.loss = loss;
    record.learning_rate = 5e-5 * (1 - epoch / options_.epochs);
    return record;
  }

  // A shape for each class on noise.
  void draw_images(Images& images) {
    const std::int64_t side = options_.side;
    images = {.height = side, .width = side, .channels = options_.channels, .pixels = {}};
    for (const std::int64_t true_class : true_class_) {
      const double petals = 2 + static_cast<double>(true_class);
      const double turn = uniform_(random_) * 6;
      for (std::int64_t at = 0; at < side * side; ++at) {
        const double x = static_cast<double>(at % side) / static_cast<double>(side) - 0.5;
        const double y = static_cast<double>(at / side) / static_cast<double>(side) - 0.5;
        const double edge = 0.32 + 0.12 * std::cos(petals * std::atan2(y, x) + turn);
        const double light = std::clamp((edge - std::hypot(x, y)) * 8, 0.0, 1.0);
        for (std::int64_t c = 0; c < options_.channels; ++c) {
          const double tint = 0.55 + 0.45 * std::cos(static_cast<double>(true_class + 2 * c));
          images.pixels.push_back(
              static_cast<std::uint8_t>(20 + 200 * light * tint + 30 * uniform_(random_)));
        }
      }
    }
  }

  // Nothing of it is random: the rest of the sample is the same with or without.
  void add_training(Review& review) const {
    store::Analysis& a = review.analysis;
    const std::size_t images = a.num_images(), training = static_cast<std::size_t>(options_.training);
    for (std::size_t j = 0; j < training; ++j) {
      a.train_index.push_back(static_cast<std::int64_t>(100 + 2 * j));
      a.train_label.push_back(a.label[j]);
    }
    for (std::size_t t = 0; t < a.num_frames(); ++t)
      for (std::size_t j = 0; j < training; ++j) {
        const std::size_t at = t * images + j;
        a.train_aligned.push_back(a.aligned[2 * at] + 0.4);
        a.train_aligned.push_back(a.aligned[2 * at + 1]);
        if (a.prediction.empty()) continue;
        a.train_prediction.push_back(a.prediction[at]);
        a.train_confidence.push_back(a.confidence[at]);
        a.train_self_confidence.push_back(a.self_confidence[at]);
      }
    a.train_pca = a.train_aligned;
    a.ood_vs_train = a.ood_score;
    a.mean_distance_to_train.assign(a.ood_score.size(), 0.5F);
    a.leak.assign(a.ood_score.size(), -1);
    for (std::size_t i = 0; i < 2; ++i)
      a.leak[a.leak.size() - images + i] = static_cast<std::int64_t>(training - 2 + i);
    const Images& pictures = review.images;
    review.train_images = {
        pictures.height,
        pictures.width,
        pictures.channels,
        {pictures.pixels.begin(),
         pictures.pixels.begin() + static_cast<std::ptrdiff_t>(pictures.pixels.size() / images * training)}};
  }

  SampleOptions options_;
  std::mt19937 random_{17};
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<std::int64_t> true_class_;
  std::vector<double> strangeness_;
  std::vector<double> wander_;
  std::mt19937 neighbour_random_{18};  // so that the rest does not depend on the neighbours
  std::uniform_real_distribution<double> wanderings_;
  std::array<std::vector<double>, 2> angles_;
};

}  // namespace

Review make_sample(const SampleOptions& options) {
  return Maker(options).make();
}

}  // namespace zoetrope::review
