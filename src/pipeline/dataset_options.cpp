// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/dataset_options.hpp"

namespace zoetrope::pipeline {

data::DatasetOptions dataset_options(const DataOptions& options, data::Split split) {
  const bool is_train = split == data::Split::kTrain;
  return {.skip_bad_images = options.skip_bad_images,
          .config = options.config,
          .split = is_train ? options.train_split : options.test_split,
          .other_split = is_train ? options.test_split : options.train_split,
          .image_column = options.image_column,
          .label_column = options.label_column};
}

}  // namespace zoetrope::pipeline
