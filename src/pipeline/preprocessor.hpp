// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "zoetrope/preprocess/preprocess.hpp"

namespace zoetrope::pipeline {

// How images become the input of the model at `source`, a folder or a config.json: what the
// preprocessor_config.json (see find_processor_file) says that lies in the folder or, as Trainer leaves it
// out without a processing_class, in the run's, beside the base model of an adapter (see model::StoredModel),
// or in --model's. Where there is none, a ViT takes its processor's defaults, with a warning if it has
// weights, which were made with some processor. Throws InputError where the model cannot take such images,
// and where other families' weights come without their processor.
preprocess::PreprocessorConfig read_preprocessor(const std::filesystem::path& source,
                                                 const std::filesystem::path& run,
                                                 const std::filesystem::path& model,
                                                 const std::filesystem::path& base);

}  // namespace zoetrope::pipeline
