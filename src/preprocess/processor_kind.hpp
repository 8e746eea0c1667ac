// SPDX-License-Identifier: Apache-2.0
// What the class of an image processor says where its file does not.
#pragma once

#include <string>

#include "zoetrope/preprocess/preprocess.hpp"

namespace zoetrope::preprocess {

struct ProcessorKind {
  PreprocessorConfig defaults;
  bool has_crop_size = false;            // where a file asks for a crop without saying of what size
  bool number_is_shortest_edge = false;  // a "size" of one number; else it is a square's side
  bool takes_use_square_size = false;    // "use_square_size", which makes a square of the class's own size
};

// Of the class that a preprocessor_config.json names, else of `default_class`. Throws InputError where it is
// none whose images come out of these steps alone.
ProcessorKind processor_kind(const support::Json& json, const std::string& default_class,
                             const std::string& origin);

}  // namespace zoetrope::preprocess
