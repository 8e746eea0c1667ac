// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/cost.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/pipeline/processor_file.hpp"
#include "zoetrope/preprocess/preprocess.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/text.hpp"

#include "inspect.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;
using support::format_count;
using support::format_estimated_bytes;

namespace {

constexpr std::int64_t kMicroBatches[] = {1, 8, 32};
constexpr std::size_t kMostLabels = 20;

std::string flops_text(double flops) {
  return support::format_fixed(flops / 1e9, 3) + " GFLOP an image";
}

std::string labels_text(const std::vector<std::string>& labels) {
  std::string text = std::to_string(labels.size()) + ":";
  for (std::size_t i = 0; i < std::min(labels.size(), kMostLabels); ++i)
    text += (i == 0 ? " " : ", ") + labels[i];
  return labels.size() > kMostLabels ? text + ", ..." : text;
}

// The side of the images that the folder's processor makes; config.json's where there is none.
std::int64_t image_side(const fs::path& folder, const model::VitConfig& config) {
  const auto file = pipeline::find_processor_file(folder);
  if (!file) return config.image_size;
  const char* const default_class = model::processor_class(config.family);
  const auto processor =
      preprocess::PreprocessorConfig::from_json(file->json, file->path.string(), default_class);
  const bool sets_size = processor.do_resize || processor.do_center_crop;
  return sets_size ? processor.output_height() : config.image_size;
}

void print_architecture(const model::VitConfig& config, std::int64_t side) {
  const auto json = config.to_json();
  print("architecture", json.at("architectures").at(0).get<std::string>());
  print("hidden size", std::to_string(config.hidden_size) + ", " + std::to_string(config.num_hidden_layers) +
                           " layers, " + std::to_string(config.num_attention_heads) + " heads, MLP " +
                           std::to_string(config.intermediate_size) + " (" +
                           (config.use_swiglu_ffn ? "SwiGLU" : json.at("hidden_act").get<std::string>()) +
                           ")");
  print("image", std::to_string(side) + "x" + std::to_string(side) + ", patches of " +
                     std::to_string(config.patch_size) + ", " + std::to_string(config.num_channels) +
                     " channels, " + std::to_string(config.num_tokens(side)) + " tokens");
  if (side / config.patch_size != config.grid())
    print("", "position embeddings are for " + std::to_string(config.image_size) + "x" +
                  std::to_string(config.image_size) + " and are interpolated");
  print("classes", labels_text(config.id2label));
}

void print_cost(const model::VitConfig& config, std::int64_t side) {
  print("parameters", format_count(model::num_parameters(config)));
  print("forward", flops_text(model::forward_flops(config, side)));
  print("training", flops_text(model::training_flops(config, side)));
  print("memory", format_estimated_bytes(model::training_bytes(config, 0, side)) +
                      " for weights, gradients and both moments; with activations");
  for (const std::int64_t micro_batch : kMicroBatches)
    print("", format_estimated_bytes(model::training_bytes(config, micro_batch, side)) +
                  " at --micro-batch " + std::to_string(micro_batch));
}

void print_weights(const model::WeightReport& report) {
  print("weights", report.file.filename().string() + ", " + format_count(report.num_tensors) + " tensors, " +
                       (report.problems.empty() ? "complete" : "would not load"));
  if (!report.has_classifier) print("classifier", "none that fits; fine-tuning starts a new one");
  for (const std::string& name : report.unused) print("not used", name);
  for (const std::string& problem : report.problems) print("problem", problem);
}

}  // namespace

void inspect_model(const fs::path& path) {
  const bool is_folder = support::is_directory(path);
  const auto config = is_folder ? model::read_config(path)
                                : model::VitConfig::from_json(support::read_python_json(path), path.string());
  const std::int64_t side = is_folder ? image_side(path, config) : config.image_size;
  support::print_line(path.string() + ": a Vision Transformer");
  print_architecture(config, side);
  print_cost(config, side);
  if (!is_folder) return print("weights", "none: a random start");
  const auto report = model::check_weights(path);
  print_weights(report);
  if (!report.problems.empty())
    throw InputError(report.file.string() + ": " + std::to_string(report.problems.size()) +
                     " tensors would not load; they are listed above");
}

void inspect_weights(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const bool is_models =
      path.filename() == store::kModelFile && support::exists(folder / store::kModelConfigFile);
  if (is_models || model::find_adapter(folder) == path) return inspect_model(folder);
  const store::SafetensorsFile file(path);
  support::print_line(path.string() + ": " + format_count(static_cast<std::int64_t>(file.names().size())) +
                      " tensors");
  std::int64_t numbers = 0;
  for (const std::string& name : file.names()) {
    std::string shape;
    std::int64_t count = 1;
    for (const std::int64_t size : file.shape(name)) {
      shape += (shape.empty() ? "" : " x ") + std::to_string(size);
      count *= size;
    }
    numbers += count;
    support::print_line("  " + name + "  " + (shape.empty() ? "one number" : shape) + "  " +
                        c10::toString(file.dtype(name)));
  }
  print("numbers", format_count(numbers));
}

}  // namespace zoetrope::jobs
