// SPDX-License-Identifier: Apache-2.0
#include "page_curves.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zoetrope::review {
namespace {

using Json = nlohmann::json;

// Of the lines of a log, which may be millions: two for each half of a pixel of a drawing 300 wide
// (curves.js).
constexpr std::size_t kMostLogPoints = 1200;
constexpr double kSameMoment = 1e-9;  // as curves.js has it

Json json_curve(const std::string& name, const std::vector<double>& epochs,
                const std::vector<double>& values) {
  return {{"name", name}, {"epochs", epochs}, {"values", values}};
}

std::vector<double> log_column(const std::vector<store::LossRecord>& log, double store::LossRecord::*member) {
  std::vector<double> values;
  for (const store::LossRecord& record : log) values.push_back(record.*member);
  return values;
}

// The lowest and the highest value of each of many equal parts.
void add_extremes(const std::vector<double>& values, std::vector<std::size_t>& kept) {
  constexpr std::size_t kParts = kMostLogPoints / 2;
  for (std::size_t part = 0; part < kParts; ++part) {
    std::optional<std::size_t> lowest, highest;
    for (std::size_t k = part * values.size() / kParts; k < (part + 1) * values.size() / kParts; ++k) {
      if (!std::isfinite(values[k])) continue;
      if (!lowest || values[k] < values[*lowest]) lowest = k;
      if (!highest || values[k] > values[*highest]) highest = k;
    }
    if (lowest) kept.insert(kept.end(), {*lowest, *highest});
  }
}

// What the page says beside a curve at each checkpoint: the last value until then.
void add_values_at(const std::vector<double>& moments, const std::vector<double>& epochs,
                   const std::vector<double>& values, std::vector<std::size_t>& kept) {
  std::optional<std::size_t> last;
  std::size_t next = 0;
  for (const double moment : moments) {
    for (; next < epochs.size() && epochs[next] <= moment + kSameMoment; ++next)
      if (std::isfinite(values[next])) last = next;
    if (last) kept.push_back(*last);
  }
}

Json log_curve(const std::string& name, const std::vector<double>& moments, const std::vector<double>& epochs,
               const std::vector<double>& values) {
  if (values.size() <= kMostLogPoints) return json_curve(name, epochs, values);
  std::vector<std::size_t> kept = {0, values.size() - 1};
  add_extremes(values, kept);
  add_values_at(moments, epochs, values, kept);
  std::ranges::sort(kept);
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  std::vector<double> kept_epochs, kept_values;
  for (const std::size_t k : kept) {
    kept_epochs.push_back(epochs[k]);
    kept_values.push_back(values[k]);
  }
  return json_curve(name, kept_epochs, kept_values);
}

}  // namespace

Json curves_of(const Review& review) {
  const store::Analysis& analysis = review.analysis;
  const std::vector<double> moments = store::moments_of(analysis);
  Json curves = Json::array();
  if (!review.log.empty()) {
    const std::vector<double> epochs = log_column(review.log, &store::LossRecord::epoch);
    for (const auto& [name, member] : {std::pair{"training loss", &store::LossRecord::loss},
                                       std::pair{"learning rate", &store::LossRecord::learning_rate}})
      curves.push_back(log_curve(name, moments, epochs, log_column(review.log, member)));
  } else if (std::any_of(analysis.loss.begin(), analysis.loss.end(),
                         [](double v) { return std::isfinite(v); })) {
    curves.push_back(json_curve("training loss", moments, analysis.loss));
  }
  for (const auto& [name, values] : analysis.curves) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    curves.push_back(json_curve(words, moments, values));
  }
  if (analysis.num_frames() > 0)
    curves.push_back(json_curve("disparity to the frame before", moments, analysis.disparity));
  return curves;
}

}  // namespace zoetrope::review
