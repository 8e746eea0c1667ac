// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/training_record.hpp"

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::store {

namespace fs = std::filesystem;
using support::Json;

namespace {

constexpr const char* kFiles = "files";

// A model that cannot be read is nobody's.
bool holds_other_weights(const fs::path& folder, const std::string& recorded) {
  if (!support::exists(folder / kModelFile)) return false;
  try {
    return SafetensorsFile(folder / kModelFile).digest() != recorded;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

Json training_record(const Json& options, const fs::path& folder, const std::string& model_digest) {
  Json record = options;
  record[kFiles] = {{kModelFile, model_digest}};
  for (const char* name : kUnsealedFiles)
    record[kFiles][name] = digest_of_text(support::read_file(folder / name));
  return with_digest(std::move(record));
}

std::optional<Json> read_training_record(const fs::path& folder) {
  const fs::path path = folder / kTrainingRecordFile;
  if (!support::exists(path)) return std::nullopt;
  Json record = support::read_json(path);
  if (!check_digest(record, path.string()) && record.contains(kFiles))
    throw InputError(path.string() + ": is damaged: it says \"" + kFiles +
                     "\", and its own digest, which comes with that, is gone");
  return record;
}

void require_own_optimizer(const SafetensorsFile& file, std::int64_t step) {
  const std::string of_step = file.metadata_value("step");
  if (of_step != std::to_string(step))
    throw InputError(file.path().string() + ": is of step " + of_step + ", not of its folder's");
  const auto record = read_training_record(file.path().parent_path());
  if (!record) return;
  const Json identity = support::parse_json(file.metadata_value("identity"), file.path().string());
  for (const auto& [option, value] : identity.items())
    if (record->contains(option) && record->at(option) != value)
      throw InputError(file.path().string() + ": is of a training with --" + option + " " + value.dump() +
                       ", the checkpoint of one with " + record->at(option).dump());
}

Json with_recorded_digest(Json record, const std::string& name, const std::string& digest) {
  record[kFiles][name] = digest;
  return with_digest(std::move(record));
}

std::string recorded_digest(const Json& record, const std::string& name) {
  const auto files = record.find(kFiles);
  if (files == record.end() || !files->is_object()) return "";
  const auto digest = files->find(name);
  return digest == files->end() || !digest->is_string() ? "" : digest->get<std::string>();
}

std::string recorded_model(const fs::path& folder) {
  const auto record = read_training_record(folder);
  return record ? recorded_digest(*record, kModelFile) : "";
}

void require_as_written(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / name;
  const std::string text = support::read_file(path);
  support::parse_json(text, path.string());
  const auto record = read_training_record(folder);
  if (!record) return;
  const std::string recorded = recorded_digest(*record, name);
  if (recorded.empty() || recorded == digest_of_text(text) ||
      holds_other_weights(folder, recorded_digest(*record, kModelFile)))
    return;
  throw InputError(path.string() + ": is damaged: it is not what was written with the checkpoint");
}

}  // namespace zoetrope::store
