// SPDX-License-Identifier: Apache-2.0
// training.json of a checkpoint: the options that decided what was learned, and under "files" the digests of
// the files that were written beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

class SafetensorsFile;

// The files of a checkpoint folder that have no digest of their own, being for others to read.
inline constexpr const char* kUnsealedFiles[] = {kModelConfigFile, kPreprocessorFile};

// `options` with the digests of what lies in `folder`, where `model_digest` is that of the weights.
support::Json training_record(const support::Json& options, const std::filesystem::path& folder,
                              const std::string& model_digest);

// None where the file is absent, as in checkpoints of others. InputError where it is damaged.
std::optional<support::Json> read_training_record(const std::filesystem::path& folder);

// InputError where `file`, an optimizer.safetensors, is not of `step`, or of a training with other options
// than the record beside it.
void require_own_optimizer(const SafetensorsFile& file, std::int64_t step);

// What the record says of a file: its digest, or "" where it knows none.
std::string recorded_digest(const support::Json& record, const std::string& name);

// Makes the record say so of a file, and gives it its own digest anew.
support::Json with_recorded_digest(support::Json record, const std::string& name, const std::string& digest);

// What the folder's record says of model.safetensors; "" where there is no record, or it knows none.
std::string recorded_model(const std::filesystem::path& folder);

// InputError where `name`, one of kUnsealedFiles, is missing, no JSON, or another than the one that was
// written with the checkpoint. Where somebody has put other weights into the folder since, its other files
// are theirs, too, and only have to be JSON.
void require_as_written(const std::filesystem::path& folder, const std::string& name);

}  // namespace zoetrope::store
