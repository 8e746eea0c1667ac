// SPDX-License-Identifier: Apache-2.0
// The forms of "size", "crop_size" and "pad_size" in a preprocessor_config.json.
#pragma once

#include <optional>
#include <string>

#include "zoetrope/preprocess/preprocess.hpp"

namespace zoetrope::preprocess {

// What transformers' get_size_dict takes: {"height", "width"}, [height, width], {"shortest_edge"}, with
// "longest_edge" beside it or not, {"max_height", "max_width"}, or one number, for a square or the shortest
// edge. Nothing where the key is absent. InputError names the key on other values.
std::optional<ResizeTo> read_size(const support::Json& json, const std::string& key,
                                  bool number_is_shortest_edge, const std::string& origin);

// As read_size takes it.
support::Json to_json(const ResizeTo& size);

}  // namespace zoetrope::preprocess
