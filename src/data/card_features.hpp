// SPDX-License-Identifier: Apache-2.0
// The columns of a data set and the names of its classes, as its card says them.
#pragma once

#include <filesystem>
#include <string>

#include "zoetrope/support/json.hpp"

#include "dataset_card.hpp"

namespace zoetrope::data {

// "features" of the entry of "dataset_info" that is of the configuration `config`, where that is "" of the
// only one, in the form that files keep them in: {"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}.
// Null where there are none. Throws InputError naming the card where `datasets` could not read it, either.
support::Json features_of_info(const CardValue& info, const std::string& config);

// The same of a folder, whose dataset_infos.json, of early times, counts where the card is silent.
struct CardFeatures {
  support::Json features;
  std::string origin;  // the file that says so
};
CardFeatures card_features(const std::filesystem::path& folder, const std::string& config);

}  // namespace zoetrope::data
