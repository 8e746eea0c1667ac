// SPDX-License-Identifier: Apache-2.0
// Which stored tensor belongs to which parameter, and what does not fit, before any of them is read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zoetrope/model/vit.hpp"

#include "weight_files.hpp"

namespace zoetrope::model {

constexpr const char* kClassifier = "classifier.";  // how its parameters' names begin

struct WeightMatch {
  std::map<std::string, std::string> stored;  // from a parameter's name on disk to its name in these files
  std::vector<std::string> extra_tensors;     // stored names; see Vit::extra_tensors
  std::vector<std::string> unused;
  std::vector<std::string> problems;    // but for the classifier's
  std::vector<std::string> classifier;  // its problems, which a new classifier solves
};

// `config` describes the files; see architecture.hpp for `parameters`.
WeightMatch match_weights(const VitConfig& config, const std::vector<Parameter>& parameters,
                          const WeightFiles& files);

}  // namespace zoetrope::model
