// SPDX-License-Identifier: Apache-2.0
// How tests tell models apart.
#pragma once

#include <span>
#include <string>

#include <ATen/ATen.h>

#include "zoetrope/model/vit.hpp"
#include "zoetrope/support/digest.hpp"

namespace zoetrope::testing {

// The same for models whose parameters have the same names, shapes and bits.
inline std::string fingerprint(const model::Vit& model) {
  support::Xxh3 digest;
  for (const auto& [name, tensor] : model::named_views(model.parameters(), model.flat().detach())) {
    digest.update(name);
    digest.update(c10::str(tensor.sizes()));
    digest.update(std::span(static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()));
  }
  return digest.hex();
}

}  // namespace zoetrope::testing
