// SPDX-License-Identifier: Apache-2.0
#include "data_choice.hpp"

#include <string>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/pipeline/dataset_options.hpp"

namespace zoetrope::jobs {

void check_data_choice(const pipeline::Options& o) {
  if (!o.given.embeddings.empty() && o.given.images.empty()) return;  // there are none
  const std::string& spec = o.given.embeddings.empty() ? o.data.spec : o.given.images;
  for (const data::Split split : {data::Split::kTrain, data::Split::kTest})
    data::check_choice(spec, split, pipeline::dataset_options(o.data, split));
}

}  // namespace zoetrope::jobs
