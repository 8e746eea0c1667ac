// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/verify.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

#include "zoetrope/embed/extract.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/store/summary.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "picture_files.hpp"
#include "small_files.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;
using store::SavedFolder;

namespace {

class Verifier {
 public:
  explicit Verifier(const store::RunDirectory& run) : run_(run) {}

  void look_at(const SavedFolder& folder, const std::string& name);
  void look_at(const SavedFolder& folder);
  void look_at_run();
  bool look_at_file_of_run(const std::string& name);
  Verification result() const { return result_; }

 private:
  void check(const fs::path& path, const std::string& way_out, const std::function<void()>& read);
  void check_model(const SavedFolder& folder) const;
  void check_optimizer(const SavedFolder& folder) const;
  void check_has_model(const SavedFolder& folder);
  void check_embeddings(const SavedFolder& folder, store::EmbeddedSplit split);
  void check_analysis() const;
  void check_log() const;

  const store::RunDirectory& run_;
  Verification result_;
  std::optional<std::string> dataset_digest_[2];  // of the first embeddings of test and of training images
};

void Verifier::check(const fs::path& path, const std::string& way_out, const std::function<void()>& read) {
  ++result_.files;
  try {
    read();
  } catch (const Error& error) {
    std::string line = error.what();
    if (line.find(path.string()) == std::string::npos) line = path.string() + ": " + line;
    if (error.code() != ExitCode::kInput) return result_.unread.push_back(line);
    result_.lines.push_back(line + (way_out.empty() ? "" : "; " + way_out));
  }
}

// What is read; nothing of a damaged file, which is said of that file.
template <typename Read>
auto unless_damaged(const Read& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::string recorded_model(const SavedFolder& folder) {
  return unless_damaged([&] { return store::recorded_model(folder.path); }).value_or("");
}

// A model without a digest, of others, is looked at as far as that goes.
void Verifier::check_model(const SavedFolder& folder) const {
  const model::StoredModel model(folder.path);
  model.verify();
  const std::string recorded = recorded_model(folder);
  if (!recorded.empty() && model.digest() != recorded &&
      problem_of(folder, store::kTrainingRecordFile).empty())
    throw InputError((folder.path / store::kModelFile).string() +
                     ": holds other weights than the checkpoint was written with");
}

void Verifier::check_optimizer(const SavedFolder& folder) const {
  const store::SafetensorsFile file(folder.path / store::kOptimizerFile);
  file.verify();
  store::require_own_optimizer(file, folder.step);
}

// Of older ones the model may be gone, once their images are embedded.
void Verifier::check_has_model(const SavedFolder& folder) {
  if (folder.step != run_.newest_resume_point()) return;
  const fs::path path = folder.path / store::kModelFile;
  check(path, "training goes on from an older resume point, or from the start",
        [&] { throw InputError(path.string() + ": is missing beside " + store::kOptimizerFile); });
}

void Verifier::check_embeddings(const SavedFolder& folder, store::EmbeddedSplit split) {
  const fs::path path = folder.path / store::embeddings_file_of(split);
  const store::EmbeddingsIdentity identity = store::read_embeddings(folder.path, split).identity;
  if (identity.step != folder.step)
    throw InputError(path.string() + ": is of step " + std::to_string(identity.step) +
                     ", not of its folder's");
  const bool has_model = support::exists(folder.path / store::kModelFile);
  const bool is_given = identity.feature == store::kGivenFeature;
  const std::string model = is_given    ? ""
                            : has_model ? store::digest_of_weights(folder.path)
                                        : recorded_model(folder);
  if (!model.empty() && identity.model_digest != model)
    throw InputError(path.string() + ": is of other weights than the checkpoint's");
  std::optional<std::string>& first = dataset_digest_[static_cast<std::size_t>(split)];
  if (!first) first = identity.dataset_digest;
  if (identity.dataset_digest != *first)
    throw InputError(path.string() + ": is of other images than those of the other checkpoints");
}

void Verifier::check_analysis() const {
  const store::Analysis analysis = store::read_analysis(run_.analysis());
  std::vector<std::int64_t> embedded;
  for (const std::int64_t step : run_.checkpoint_steps())
    if (support::exists(run_.embeddings(step))) embedded.push_back(step);
  const auto fail = [&](const std::string& what) {
    throw InputError(run_.analysis().string() + ": " + what);
  };
  if (analysis.step != embedded) fail("is not of the checkpoints that are embedded");
  for (std::size_t i = 0; i < embedded.size(); ++i) {
    const auto header = unless_damaged([&] { return store::read_header(run_.checkpoint(embedded[i])); });
    if (!header) continue;
    const bool is_of_others =
        !analysis.embeddings_digest.empty() && analysis.embeddings_digest[i] != header->content_digest;
    if (header->identity.num_rows != static_cast<std::int64_t>(analysis.num_images()) ||
        header->identity.epoch != analysis.epoch[i] || is_of_others)
      fail("is not of checkpoint-" + std::to_string(embedded[i]) + "'s embeddings");
  }
  const auto log = store::read_run_log(run_);
  for (std::size_t i = 0; i < embedded.size(); ++i) {
    const auto* logged = store::last_logged(log, embedded[i]);
    if (logged != nullptr && logged->loss != analysis.loss[i])
      fail("is not of the training that log.csv is of");
  }
}

void Verifier::check_log() const {
  const store::LogHistory history = store::newest_log_history(run_);
  if (!history.is_exact) {
    store::read_unmended_log(run_);
    if (!store::has_own_header(run_.log_csv())) return;
    if (const auto mended = store::mend_loss_log(run_.log_csv(), history); !mended.damage.empty())
      throw InputError(mended.damage);
    return;
  }
  const store::MendedLog mended = store::mend_loss_log(run_.log_csv(), history);
  if (!mended.damage.empty())
    throw InputError(mended.damage + "; zoetrope run writes it as the checkpoint of step " +
                     std::to_string(history.last) + " has it");
  if (!mended.unread.empty()) throw InputError(mended.unread);
}

// What becomes of a damaged file, or what to do.
std::string way_out_of(const store::RunDirectory& run, const SavedFolder& folder, const std::string& name) {
  const bool has_model = support::exists(folder.path / store::kModelFile);
  if (name == store::kEmbeddingsFile && !has_model &&
      !support::exists(folder.path / store::kTrainingRecordFile))
    return "where it was given, zoetrope analyze --embeddings takes it in again";
  if (name == store::kTrainEmbeddingsFile && !has_model)
    return embed::way_out_without_model(run, folder.step) +
           ", or show the test images alone with --split test";
  if (name == store::kEmbeddingsFile || name == store::kTrainEmbeddingsFile)
    return has_model ? "zoetrope extract makes it again" : embed::way_out_without_model(run, folder.step);
  if (name == store::kOptimizerFile) return "training goes on from an older resume point, or from the start";
  if (name != store::kModelFile && model::find_adapter(folder.path) != folder.path / name)
    return "the next job makes it again where another checkpoint's is whole";
  if (support::exists(folder.path / store::kOptimizerFile))
    return "training goes on from an older resume point, and comes to it again";
  return support::exists(folder.path / store::kEmbeddingsFile)
             ? "restore it, or delete it to go on with the embeddings beside it"
             : "restore it, or delete its folder";
}

void Verifier::look_at(const SavedFolder& folder, const std::string& name) {
  const fs::path path = folder.path / name;
  check(path, way_out_of(run_, folder, name), [&] {
    if (name == store::kModelFile) return check_model(folder);
    if (model::find_adapter(folder.path) == path) return store::SafetensorsFile(path).verify();
    if (name == store::kOptimizerFile) return check_optimizer(folder);
    for (const auto split : {store::EmbeddedSplit::kTest, store::EmbeddedSplit::kTrain})
      if (name == store::embeddings_file_of(split)) return check_embeddings(folder, split);
    if (const std::string problem = problem_of(folder, name); !problem.empty()) throw InputError(problem);
  });
}

void Verifier::look_at(const SavedFolder& folder) {
  const auto sealed = store::sealed_identity(folder.path);
  if (sealed && sealed->feature == store::kGivenFeature)  // beside a model of others, if any
    return look_at(folder, store::kEmbeddingsFile);
  const bool is_ours = support::exists(folder.path / store::kTrainingRecordFile);
  const bool has_model = model::has_weights(folder.path);
  for (const char* name : {store::kTrainingRecordFile, store::kModelConfigFile, store::kPreprocessorFile,
                           store::kTrainerStateFile})
    if (is_ours || support::exists(folder.path / name)) look_at(folder, name);
  if (const auto adapter = model::find_adapter(folder.path))
    look_at(folder, adapter->filename().string());
  else if (has_model)
    look_at(folder, store::kModelFile);
  if (support::exists(folder.path / store::kOptimizerFile)) {
    look_at(folder, store::kOptimizerFile);
    if (!has_model) check_has_model(folder);
  }
  for (const fs::path& shard : store::shards_in(folder.path))
    check(shard, "zoetrope extract computes its rows again", [&] { store::verify_shard(shard); });
  if (support::exists(folder.path / store::kEmbeddingsFile) || !has_model)
    look_at(folder, store::kEmbeddingsFile);
  if (support::exists(folder.path / store::kTrainEmbeddingsFile))
    look_at(folder, store::kTrainEmbeddingsFile);
}

bool Verifier::look_at_file_of_run(const std::string& name) {
  if (name == "run.ini") {
    check(run_.run_ini(), "mend it, or delete it and give the options again",
          [&] { require_whole_options(run_.run_ini()); });
  } else if (name == "log.csv") {
    check(run_.log_csv(), "", [&] { check_log(); });
  } else if (name == "analysis.h5") {
    check(run_.analysis(), "zoetrope analyze makes it again", [&] { check_analysis(); });
  } else if (name == "summary.json") {
    check(run_.summary(), "the next job makes it again, without the stages of earlier ones",
          [&] { store::read_summary(run_.summary()); });
  } else {
    return false;
  }
  return true;
}

void Verifier::look_at_run() {
  for (const char* name : {"run.ini", "log.csv", "summary.json"})
    if (support::exists(run_.root / name) ||
        (name == std::string("log.csv") && store::newest_log_history(run_).is_exact))
      look_at_file_of_run(name);
  for (const SavedFolder& folder : store::saved_folders(run_)) look_at(folder);
  look_at_pictures(run_, [this](const fs::path& path, const std::string& way_out, const auto& read) {
    check(path, way_out, read);
  });
  if (support::exists(run_.analysis())) look_at_file_of_run("analysis.h5");
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// The folder that training or others have saved in; none of another name.
std::optional<SavedFolder> saved_folder(const fs::path& path) {
  for (const SavedFolder& folder : store::saved_folders({folder_of(path)}))
    if (folder.path.filename() == path.filename()) return folder;
  return std::nullopt;
}

}  // namespace

Verification verify(const fs::path& given) {
  const fs::path path = given.has_filename() ? given : given.parent_path();
  const bool is_folder = support::is_directory(path);
  const fs::path folder = is_folder ? path : folder_of(path);
  const auto saved = saved_folder(folder);
  const store::RunDirectory run{saved ? folder_of(folder) : folder};
  Verifier verifier(run);
  if (is_folder && saved) {
    verifier.look_at(*saved);
  } else if (is_folder && !store::saved_folders(run).empty()) {
    verifier.look_at_run();
  } else if (!is_folder && saved) {
    verifier.look_at(*saved, path.filename().string());
  } else if (is_folder || !verifier.look_at_file_of_run(path.filename().string())) {
    throw InputError(given.string() +
                     ": is no run directory, no checkpoint and no file of one that has a digest");
  }
  return verifier.result();
}

}  // namespace zoetrope::pipeline
