// SPDX-License-Identifier: Apache-2.0
// What the class of an image processor says where its file does not.
#pragma once

#include <string>

#include "zoetrope/data/preprocess.hpp"

namespace zoetrope::data {

struct ProcessorKind {
  PreprocessorConfig defaults;
  bool number_is_shortest_edge = false;  // a "size" of one number; else it is a square's side
};

// Of the class that a preprocessor_config.json names. Throws InputError where the class is none of ViT's,
// DeiT's, BiT's and CLIP's and the file lacks a key in which classes differ, or has one that others know.
ProcessorKind processor_kind(const support::Json& json, const std::string& origin);

}  // namespace zoetrope::data
