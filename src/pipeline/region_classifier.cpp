// SPDX-License-Identifier: Apache-2.0
#include "region_classifier.hpp"

#include <filesystem>
#include <limits>

#include <ATen/ATen.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {

namespace {

using WeightRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

analysis::LinearClassifier rows_at(const std::vector<std::int64_t>& columns,
                                   const Eigen::Map<const WeightRows>& weight, const float* bias) {
  const auto count = static_cast<Eigen::Index>(columns.size());
  analysis::LinearClassifier classifier{Eigen::MatrixXd(count, weight.cols()), Eigen::VectorXd(count)};
  for (Eigen::Index c = 0; c < count; ++c) {
    const std::int64_t column = columns[static_cast<std::size_t>(c)];
    classifier.weight.row(c) = weight.row(column).cast<double>();
    classifier.bias[c] = static_cast<double>(bias[column]);
  }
  return classifier;
}

[[noreturn]] void refuse_regions(const std::string& why) {
  throw UsageError("--regions on: " + why);
}

}  // namespace

std::string why_no_regions(const model::VitConfig& config) {
  if (config.is_dinov2())
    return "the classifier of DINOv2 takes the mean of the patches beside what is embedded, so that a place "
           "of the picture says too little";
  if (config.is_clip())
    return "the classifier of CLIP takes the mean of the patches, and not what is embedded";
  return "";
}

std::string why_no_regions(const Session& session, const store::EmbeddingsHeader& header) {
  const store::EmbeddingsIdentity& of = header.identity;
  const std::string name = "checkpoint-" + std::to_string(of.step);
  if (of.feature == store::kGivenFeature)
    return "the embeddings were given with --embeddings, and with them no classifier that could say "
           "something of each place of the picture";
  if (of.num_classes == 0) return name + " holds a model without a classifier";
  if (header.has_classifier) return "";
  const auto folder = session.run().checkpoint(of.step);
  if (!model::has_weights(folder))
    return name + " holds no " + store::kModelFile + " to take the classifier from, and its " +
           store::kEmbeddingsFile + " is of an older zoetrope, which kept none there";
  return why_no_regions(model::read_config(folder, session.options().base));
}

std::string why_no_regions(const std::vector<CheckpointSource>& sources,
                           const std::vector<std::int64_t>& columns) {
  for (const CheckpointSource& source : sources)
    if (!source.why_no_regions.empty()) return source.why_no_regions;
  return columns.empty() ? "the model's classes are not those of --data" : "";
}

analysis::LinearClassifier classifier_of(const Session& session, const store::EmbeddingsIdentity& of,
                                         const store::Classifier& stored,
                                         const std::vector<std::int64_t>& columns) {
  if (!stored.empty())
    return rows_at(columns, {stored.weight.data(), of.num_classes, of.num_columns}, stored.bias.data());
  const auto folder = session.run().checkpoint(of.step);
  std::string trouble = folder.string() + ": holds other weights than those that its " +
                        store::kEmbeddingsFile + " is of (zoetrope extract makes it again)";
  try {
    const auto own = model::StoredModel(folder, session.options().base).read_classifier();
    if (own.digest == of.model_digest)
      return rows_at(columns, {own.weight.const_data_ptr<float>(), own.weight.size(0), own.weight.size(1)},
                     own.bias.const_data_ptr<float>());
  } catch (const InputError& error) {
    trouble = error.what();
  }
  support::log_warning(trouble + "; its picture has no decision regions");
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<Eigen::Index>(columns.size());
  return {Eigen::MatrixXd::Constant(count, of.num_columns, kUnknown),
          Eigen::VectorXd::Constant(count, kUnknown)};
}

void require_regions(const Options& options, const model::VitConfig& config) {
  if (!options.render.regions) return;
  if (const std::string why = why_no_regions(config); !why.empty()) refuse_regions(why + "; leave it out");
}

void require_regions(const Session& session, const std::vector<CheckpointSource>& sources) {
  if (!session.options().render.regions) return;
  for (const CheckpointSource& source : sources)
    if (!source.why_no_regions.empty()) refuse_regions(source.why_no_regions + "; leave it out");
}

void require_regions(const Session& session, const store::Analysis& analysis) {
  if (!session.options().render.regions || !analysis.plane_classifier.empty()) return;
  const std::string path = session.run().analysis().string();
  for (const std::int64_t step : analysis.step) {
    const auto folder = session.run().checkpoint(step);
    if (!store::sealed_identity(folder)) continue;
    const std::string why = why_no_regions(session, store::read_header(folder));
    if (!why.empty()) refuse_regions(why + "; leave it out");
  }
  if (analysis.prediction.empty())
    refuse_regions("the model's classes are not those of --data, so that " + path +
                   " is without regions; leave it out");
  refuse_regions(path +
                 " is of an older zoetrope, or of when the models were not there: delete it and run zoetrope "
                 "analyze, or leave the option out");
}

}  // namespace zoetrope::pipeline
