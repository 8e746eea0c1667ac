// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>

#include "zoetrope/model/cost.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/hdf5.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;

namespace {

void print(const std::string& name, const std::string& value) {
  std::string padded = name;
  padded.resize(std::max<std::size_t>(padded.size(), 16), ' ');
  std::cout << "  " << padded << " " << value << "\n";
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void inspect_model(const fs::path& path) {
  const bool is_folder = fs::is_directory(path);
  const fs::path file = is_folder ? path / "config.json" : path;
  const auto config = model::VitConfig::from_json(support::read_json(file), file.string());
  const model::Vit shape(config);
  std::cout << path.string() << ": a Vision Transformer\n";
  print("hidden size", std::to_string(config.hidden_size) + ", " + std::to_string(config.num_hidden_layers) +
                           " layers, " + std::to_string(config.num_attention_heads) + " heads, MLP " +
                           std::to_string(config.intermediate_size));
  print("image", std::to_string(config.image_size) + "x" + std::to_string(config.image_size) +
                     ", patches of " + std::to_string(config.patch_size) + ", " +
                     std::to_string(config.num_channels) + " channels, " +
                     std::to_string(config.num_tokens()) + " tokens");
  print("classes", std::to_string(config.num_labels()) + ": " + join(config.id2label));
  print("parameters", support::format_count(shape.num_parameters()));
  print("forward pass", support::format_fixed(model::forward_flops(config) / 1e9, 3) + " GFLOP an image");
  const auto weights = static_cast<std::uint64_t>(shape.flat().nbytes());
  print("training needs",
        support::format_bytes(4 * weights) + " for weights, gradients and moments, besides activations");
  if (is_folder && fs::exists(path / "model.safetensors")) {
    model::load_checkpoint(path);
    print("weights", "complete");
  }
}

void inspect_embeddings(const fs::path& path) {
  const auto identity = store::read_identity(path.parent_path());
  std::cout << path.string() << ": embeddings\n";
  print("rows", support::format_count(identity.num_rows) + " x " + std::to_string(identity.num_columns) +
                    " (" + identity.feature + ", computed in " + identity.dtype + ")");
  print("logits", identity.num_classes > 0 ? std::to_string(identity.num_classes) + " classes" : "none");
  print("step", std::to_string(identity.step) + ", epoch " + support::format_fixed(identity.epoch, 3));
  print("model digest", identity.model_digest);
  print("dataset digest", identity.dataset_digest);
}

void inspect_analysis(const fs::path& path) {
  const auto analysis = store::read_analysis(path);
  std::cout << path.string() << ": analysis\n";
  print("frames", std::to_string(analysis.num_frames()));
  print("images", support::format_count(static_cast<std::int64_t>(analysis.num_images())));
  print("outliers", std::to_string(analysis.num_outliers()) + " a frame");
  print("classes", join(analysis.class_names));
  for (const auto& [name, values] : analysis.curves)
    if (!values.empty())
      print(name,
            support::format_fixed(values.front(), 4) + " -> " + support::format_fixed(values.back(), 4));
}

void inspect_run(const store::RunDirectory& run) {
  const auto steps = run.checkpoint_steps();
  std::cout << run.root.string() << ": a run with " << steps.size() << " checkpoints\n";
  std::size_t models = 0, embedded = 0, frames = 0;
  for (const std::int64_t step : steps) {
    models += fs::exists(run.model(step)) ? 1 : 0;
    embedded += fs::exists(run.embeddings(step)) ? 1 : 0;
    frames += fs::exists(run.frame(step)) ? 1 : 0;
  }
  print("steps", std::to_string(steps.front()) + " to " + std::to_string(steps.back()));
  print("models", std::to_string(models));
  print("embedded", std::to_string(embedded));
  print("frames", std::to_string(frames));
  for (const char* format : {"gif", "mp4", "webp"})
    if (fs::exists(run.animation(format))) print("animation", run.animation(format).string());
  if (fs::exists(run.analysis())) inspect_analysis(run.analysis());
}

}  // namespace

void inspect(const std::string& path) {
  if (!fs::exists(path)) throw InputError(path + ": does not exist");
  const fs::path file(path);
  if (fs::is_directory(file)) {
    const store::RunDirectory run{file};
    if (!run.checkpoint_steps().empty()) return inspect_run(run);
    if (fs::exists(file / "config.json")) return inspect_model(file);
    throw InputError(path + ": holds neither checkpoints nor a config.json");
  }
  if (file.filename() == "embeddings.h5") return inspect_embeddings(file);
  if (file.extension() == ".json") return inspect_model(file);
  if (file.extension() == ".h5") return inspect_analysis(file);
  throw InputError(path +
                   ": is not a run directory, a model folder, a config.json, embeddings.h5 or analysis.h5");
}

}  // namespace zoetrope::jobs
