// SPDX-License-Identifier: Apache-2.0
// Which file of a model's folder says how images become its input.
#pragma once

#include <filesystem>
#include <optional>

#include "zoetrope/support/json.hpp"

namespace zoetrope::pipeline {

struct ProcessorFile {
  std::filesystem::path path;
  support::Json json;  // of the file, what is about images
};

// As AutoImageProcessor looks: processor_config.json, where that has a part for images, else
// preprocessor_config.json. Nothing where the folder has neither.
std::optional<ProcessorFile> find_processor_file(const std::filesystem::path& folder);

}  // namespace zoetrope::pipeline
