// SPDX-License-Identifier: Apache-2.0
#include "thumbnails.hpp"

#include <algorithm>
#include <utility>

#include "zoetrope/image/shrink.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::pipeline {

std::shared_ptr<const support::Image> Thumbnails::of(std::int64_t index) {
  if (!dataset_.has_images()) return nullptr;
  auto& made = made_[index];
  if (made) return made;
  support::stop_point();
  data::Image image = dataset_.image(index);
  // A strip much longer than wide must keep at least a pixel of its width.
  const int factor =
      std::min(std::max(image.height, image.width) / side_, std::min(image.height, image.width));
  if (factor > 1) image = image::shrink(image, factor);
  made = std::make_shared<support::Image>(std::move(image));
  return made;
}

}  // namespace zoetrope::pipeline
