// SPDX-License-Identifier: Apache-2.0
#include "data_choice.hpp"

#include <string>

#include "zoetrope/data/dataset.hpp"

namespace zoetrope::jobs {

void check_data_choice(const pipeline::Options& o) {
  if (!o.given.embeddings.empty() && o.given.images.empty()) return;  // there are none
  const pipeline::DataOptions& asked = o.data;
  data::DatasetOptions choice;
  choice.skip_bad_images = asked.skip_bad_images;
  choice.config = asked.config;
  choice.image_column = asked.image_column;
  choice.label_column = asked.label_column;
  const std::string& spec = o.given.embeddings.empty() ? asked.spec : o.given.images;
  for (const data::Split split : {data::Split::kTrain, data::Split::kTest}) {
    choice.split = split == data::Split::kTrain ? asked.train_split : asked.test_split;
    data::check_choice(spec, split, choice);
  }
}

}  // namespace zoetrope::jobs
