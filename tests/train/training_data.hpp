// SPDX-License-Identifier: Apache-2.0
// The images of tests/golden/train-50, in an order in which the sampler's first epoch shows them as the
// golden training saw them.
#pragma once

#include <map>
#include <string>

#include <ATen/ATen.h>

#include "zoetrope/data/sampler.hpp"
#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/support/json.hpp"

#include "tensors.hpp"

namespace zoetrope::testing {

inline preprocess::PixelStore golden_images(std::int64_t count) {
  const store::SafetensorsFile file(golden("train-50/images.safetensors"));
  return {file.view("images").slice(0, 0, count).clone().unsqueeze(1),
          file.view("labels").slice(0, 0, count).clone()};
}

// `num_rows` rows: the sampler's i-th image is image i % count of `images`.
inline preprocess::PixelStore arrange_for_sampler(const preprocess::PixelStore& images, std::int64_t num_rows,
                                                  std::uint64_t seed) {
  const std::int64_t count = images.labels.size(0);
  const auto order = data::epoch_order(seed, 0, num_rows);
  at::Tensor source = at::empty({num_rows}, at::kLong);
  for (std::int64_t i = 0; i < num_rows; ++i) source[order[static_cast<std::size_t>(i)]] = i % count;
  return {images.pixels.index_select(0, source), images.labels.index_select(0, source)};
}

inline preprocess::PreprocessorConfig golden_preprocessor() {
  const auto path = golden("train-50/initial/preprocessor_config.json");
  return preprocess::PreprocessorConfig::from_json(support::read_json(path), path.string());
}

}  // namespace zoetrope::testing
