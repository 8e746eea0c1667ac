// SPDX-License-Identifier: Apache-2.0
#include "inspect.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/pipeline/verify.hpp"
#include "zoetrope/render/animation.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/training_record.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/text.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;

namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// The first and the last number of a curve: some compare a frame with the one before it and begin with the
// second, and others need what a run has not, as predictions.
std::string first_and_last(const std::vector<double>& curve) {
  const auto is_number = [](double value) { return std::isfinite(value); };
  const auto first = std::find_if(curve.begin(), curve.end(), is_number);
  if (first == curve.end()) return "unknown";
  const auto last = std::find_if(curve.rbegin(), curve.rend(), is_number);
  const std::string start = support::format_fixed(*first, 4);
  return &*first == &*last ? start : start + " -> " + support::format_fixed(*last, 4);
}

std::string sample_of(const store::EmbeddingsIdentity& identity) {
  return support::format_count(identity.num_rows) + ", drawn with the seed " +
         std::to_string(static_cast<std::uint64_t>(identity.seed));
}

void inspect_embeddings(const fs::path& path, store::EmbeddedSplit split) {
  const auto identity = store::read_identity(path.parent_path(), split);
  const bool is_given = identity.feature == store::kGivenFeature;
  support::print_line(path.string() + ": embeddings");
  print("rows", support::format_count(identity.num_rows) + " x " + std::to_string(identity.num_columns) +
                    " (" + identity.feature + (is_given ? " as " : ", computed in ") + identity.dtype + ")");
  print("logits", identity.num_classes > 0 ? std::to_string(identity.num_classes) + " classes" : "none");
  print("step", std::to_string(identity.step) + ", epoch " + support::format_fixed(identity.epoch, 3));
  if (split == store::EmbeddedSplit::kTrain) print("training images", sample_of(identity));
  print("model digest", identity.model_digest);
  print("dataset digest", identity.dataset_digest);
}

void inspect_analysis(const fs::path& path) {
  const auto analysis = store::read_analysis(path);
  support::print_line(path.string() + ": analysis");
  print("frames", std::to_string(analysis.num_frames()));
  print("images", support::format_count(static_cast<std::int64_t>(analysis.num_images())));
  print("outliers", std::to_string(analysis.num_outliers()) + " a frame");
  print("classes", join(analysis.class_names));
  if (const std::string search = store::search_text(analysis); !search.empty())
    print("search", search + " (" + analysis.neighbour_search_parameters + ")");
  std::size_t width = 16;
  for (const auto& [name, values] : analysis.curves) width = std::max(width, name.size());
  for (const auto& [name, values] : analysis.curves) print(name, first_and_last(values), width);
}

// "" where nobody knows: others have trained, or the file is damaged.
std::string training_of(const store::RunDirectory& run) {
  const std::int64_t newest = run.checkpoint_steps().back(), point = run.newest_resume_point();
  std::string all;  // steps
  try {
    if (const auto record = store::read_training_record(run.checkpoint(newest))) {
      const auto steps =
          support::json_get<std::int64_t>(*record, "max-steps", run.checkpoint(newest).string());
      if (steps == newest)
        return "done (" + support::format_count(steps) + " of " + support::format_count(steps) + " steps)";
      all = " of " + support::format_count(steps);
    }
  } catch (const InputError&) {
    // inspect --verify names it.
  }
  return point > 0 ? "goes on from step " + support::format_count(point) + all : "";
}

void inspect_run(const store::RunDirectory& run) {
  const auto steps = run.checkpoint_steps();
  support::print_line(run.root.string() + ": a run with " + std::to_string(steps.size()) + " checkpoints");
  std::size_t models = 0, embedded = 0, train_embedded = 0, frames = 0;
  for (const std::int64_t step : steps) {
    models += support::exists(run.model(step)) ? 1 : 0;
    embedded += support::exists(run.embeddings(step)) ? 1 : 0;
    train_embedded += support::exists(run.train_embeddings(step)) ? 1 : 0;
    frames += support::exists(run.frame(step)) ? 1 : 0;
  }
  print("steps", std::to_string(steps.front()) + " to " + std::to_string(steps.back()));
  if (const std::string training = training_of(run); !training.empty()) print("training", training);
  print("models", std::to_string(models));
  print("embedded",
        std::to_string(embedded) +
            (train_embedded > 0 ? ", with training images " + std::to_string(train_embedded) : ""));
  print("frames", std::to_string(frames));
  for (const std::string& format : render::animation_formats())
    if (support::exists(run.animation(format))) print("animation", run.animation(format).string());
  if (support::exists(run.analysis())) inspect_analysis(run.analysis());
}

}  // namespace

namespace {

constexpr const char* kHelp =
    "zoetrope inspect PATH: what a file or folder holds\n"
    "zoetrope inspect --verify PATH: whether it is what was written; code 3 where it is not\n\n"
    "PATH is a run directory, a checkpoint or a model's folder, a config.json, a .safetensors file, an\n"
    "embeddings.h5, an embeddings-train.h5 or an analysis.h5; with --verify a run directory, a checkpoint, "
    "or a file\n"
    "of a run. Nothing is written.\n";

[[noreturn]] void refuse(const std::vector<std::string>& words) {
  const auto option =
      std::ranges::find_if(words, [](const std::string& word) { return word.starts_with('-'); });
  if (option == words.end()) throw UsageError("zoetrope inspect takes one path, and --verify");
  const bool is_run = *option == "--run" || option->starts_with("--run=");
  const std::string near = support::nearest_word(*option, std::vector<std::string>{"--verify", "--help"});
  throw UsageError("unknown option " + *option +
                   (is_run         ? ": inspect takes its path without a name"
                    : near.empty() ? ""
                                   : ": did you mean " + near + "?") +
                   " ('zoetrope inspect --help' says what it takes)");
}

}  // namespace

void look_into(std::vector<std::string> words) {
  if (std::ranges::any_of(words, [](const auto& word) { return word == "--help" || word == "-h"; })) {
    support::print_text(kHelp);
    return;
  }
  const bool verifies = std::erase(words, "--verify") > 0;
  if (words.size() != 1 || words[0].starts_with('-')) refuse(words);
  verifies ? inspect_verify(words[0]) : inspect(words[0]);
}

void inspect(const std::string& path) {
  if (!support::exists(path)) throw InputError(path + ": does not exist");
  const fs::path file(path);
  if (support::is_directory(file)) {
    const store::RunDirectory run{file};
    if (!run.checkpoint_steps().empty()) return inspect_run(run);
    if (support::exists(file / store::kModelConfigFile) || model::find_adapter(file))
      return inspect_model(file);
    throw InputError(path + ": holds neither checkpoints nor a config.json");
  }
  for (const auto split : {store::EmbeddedSplit::kTest, store::EmbeddedSplit::kTrain})
    if (file.filename() == store::embeddings_file_of(split)) return inspect_embeddings(file, split);
  if (file.extension() == ".json") return inspect_model(file);
  if (file.extension() == ".safetensors") return inspect_weights(file);
  if (file.extension() == ".h5") return inspect_analysis(file);
  throw InputError(
      path +
      ": is not a run directory, a model folder, a config.json, a .safetensors file, embeddings.h5, "
      "embeddings-train.h5 or analysis.h5");
}

void inspect_verify(const std::string& path) {
  if (!support::exists(path)) throw InputError(path + ": does not exist");
  const pipeline::Verification found = pipeline::verify(path);
  for (const auto& lines : {found.lines, found.unread})
    for (const std::string& line : lines) support::print_line(line);
  const std::string files = support::format_count(found.files) + (found.files == 1 ? " file" : " files");
  support::require_output();
  if (!found.lines.empty())
    throw InputError(path + ": of " + files + ", " +
                     support::format_count(static_cast<std::int64_t>(found.lines.size())) +
                     (found.lines.size() == 1 ? " is" : " are") + " not what was written");
  if (!found.unread.empty())
    throw RunError(path + ": of " + files + ", " +
                   support::format_count(static_cast<std::int64_t>(found.unread.size())) +
                   " cannot be read now");
  support::print_line(path + ": " + files + ", whole");
}

}  // namespace zoetrope::jobs
