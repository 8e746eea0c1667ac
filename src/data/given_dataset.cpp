// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/given_dataset.hpp"

#include <span>
#include <stdexcept>
#include <utility>

#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

#include "class_names.hpp"
#include "given_labels.hpp"

namespace zoetrope::data {

namespace {

// The images are not in it: they are shown, and nothing is computed of them.
std::string digest_of(const GivenLabels& labels) {
  support::Sha256 sha;
  sha.update("given " + std::to_string(labels.label.size()) + "\n");
  for (const std::string& name : labels.class_names) sha.update(name + "\n");
  sha.update(std::as_bytes(std::span(labels.label)));
  return sha.hex();
}

class GivenDataset final : public Dataset {
 public:
  GivenDataset(GivenLabels labels, std::shared_ptr<const Dataset> images)
      : labels_(std::move(labels)), images_(std::move(images)), digest_(digest_of(labels_)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(labels_.label.size()); }
  int channels() const override { return images_ ? images_->channels() : 0; }
  bool has_images() const override { return images_ != nullptr; }
  Image image(std::int64_t index) const override {
    if (!images_) throw std::logic_error("embeddings without images are asked for one");
    return images_->image(index);
  }
  std::int64_t label(std::int64_t index) const override {
    return labels_.label.at(static_cast<std::size_t>(index));
  }
  std::string image_name(std::int64_t index) const override {
    if (!labels_.names.empty()) return labels_.names.at(static_cast<std::size_t>(index));
    return images_ ? images_->image_name(index) : "";
  }
  const std::vector<std::string>& class_names() const override { return labels_.class_names; }
  const std::string& digest() const override { return digest_; }

 private:
  GivenLabels labels_;
  std::shared_ptr<const Dataset> images_;
  std::string digest_;
};

GivenLabels labels_of_images(const Dataset& images) {
  GivenLabels labels{{}, images.class_names(), {}};
  for (std::int64_t i = 0; i < images.size(); ++i) labels.label.push_back(images.label(i));
  return labels;
}

GivenLabels labels_of(const GivenRows& rows) {
  if (!rows.labels.empty())
    return read_given_labels(rows.labels, rows.label_column, rows.count, rows.num_classes);
  if (rows.images) return labels_of_images(*rows.images);
  if (rows.num_classes > 0)
    throw UsageError("--logits needs labels to compare with: give --labels, or --images that have some");
  return {std::vector<std::int64_t>(static_cast<std::size_t>(rows.count)), {"all"}, {}};
}

}  // namespace

std::unique_ptr<Dataset> open_given_dataset(const GivenRows& rows) {
  if (rows.images && rows.images->size() != rows.count)
    throw InputError("--images has " + support::format_count(rows.images->size()) +
                     " test images, and there are embeddings of " + support::format_count(rows.count) +
                     " rows: give the images that were embedded, in the same order");
  GivenLabels labels = labels_of(rows);
  refuse_names_beyond_utf8(labels.class_names, rows.labels.empty() ? "--images" : rows.labels.string());
  const auto num_classes = static_cast<std::int64_t>(labels.class_names.size());
  if (rows.num_classes > 0 && num_classes != rows.num_classes)
    throw InputError((rows.labels.empty() ? "--images" : rows.labels.string()) + ": has " +
                     support::format_count(num_classes) + " classes, and --logits has " +
                     support::format_count(rows.num_classes) +
                     " columns: give the labels as the numbers of the columns, from 0");
  return std::make_unique<GivenDataset>(std::move(labels), rows.images);
}

}  // namespace zoetrope::data
