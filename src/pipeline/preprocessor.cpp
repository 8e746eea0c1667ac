// SPDX-License-Identifier: Apache-2.0
#include "preprocessor.hpp"

#include <optional>
#include <string>

#include "zoetrope/model/config.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/model/timm.hpp"
#include "zoetrope/pipeline/processor_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "default_model.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

// The model that stands in for an absent --model says nothing about another one's images.
std::optional<ProcessorFile> find_file(const fs::path& source, const fs::path& run, const fs::path& model,
                                       const fs::path& config) {
  if (!support::is_directory(source)) return std::nullopt;
  for (const fs::path& folder : {source, run, config.parent_path(), model}) {
    if (folder == model && model != source && is_default_model(model)) continue;
    if (auto file = find_processor_file(folder)) return file;
  }
  return std::nullopt;
}

// What to do about weights without the processor that they were made with.
void report_missing(const fs::path& source, const std::string& model_type, std::int64_t side) {
  const std::string place = (source / store::kPreprocessorFile).string();
  const std::string way_out =
      "save the one that the model was trained with there, in Python: "
      "processor.save_pretrained(\"" +
      source.string() + "\")";
  if (model_type != "vit")
    throw InputError(place + ": is missing, and processors of a " + model_type +
                     " differ in their mean, deviation and crop; " + way_out);
  support::log_warning(place + ": is missing; taking ViTImageProcessor's defaults: " + std::to_string(side) +
                       "x" + std::to_string(side) +
                       " pixels, bilinear, no crop, mean and deviation 0.5. If that is not how the model was "
                       "trained, " +
                       way_out);
}

preprocess::ResizeTo square(std::int64_t side) {
  return {static_cast<int>(side), static_cast<int>(side), false, 0, 0};
}

// Where the size is not config.json's, position embeddings are interpolated.
void check_size(const preprocess::PreprocessorConfig& preprocessor, const model::VitConfig& config,
                const std::string& origin) {
  const int height = preprocessor.output_height(), width = preprocessor.output_width();
  if (height != width || height < config.patch_size)
    throw InputError(origin + ": \"" + (preprocessor.do_center_crop ? "crop_size" : "size") +
                     "\" makes images of " + std::to_string(height) + "x" + std::to_string(width) +
                     "; the model takes squares of at least its patches' " +
                     std::to_string(config.patch_size));
}

}  // namespace

preprocess::PreprocessorConfig read_preprocessor(const fs::path& source, const fs::path& run,
                                                 const fs::path& model, const fs::path& base) {
  const fs::path config_file = support::is_directory(source) ? model::config_file(source, base) : source;
  const support::Json json = support::read_python_json(config_file);
  const auto config = model::VitConfig::from_json(json, config_file.string());
  if (config.num_channels != 3)
    throw InputError(config_file.string() + ": \"num_channels\" is " + std::to_string(config.num_channels) +
                     "; the image processor makes 3");
  preprocess::PreprocessorConfig preprocessor;
  const auto file = find_file(source, run, model, config_file);
  if (file) {
    const auto default_class = support::json_get_or<std::string>(
        json, "image_processor_type", model::processor_class(config.family), config_file.string());
    preprocessor = preprocess::PreprocessorConfig::from_json(file->json, file->path.string(), default_class);
    // Images keep their size, of which the file's says nothing: the model's is what they should have.
    if (!preprocessor.do_resize && !preprocessor.do_center_crop)
      preprocessor.size = square(config.image_size);
  } else if (model::is_timm(json)) {
    const support::Json made = model::timm_processor(json, config.image_size, config_file.string());
    preprocessor = preprocess::PreprocessorConfig::from_json(made, config_file.string());
  } else {
    if (model::has_weights(source))
      report_missing(source,
                     support::json_get_or<std::string>(json, "model_type", "vit", config_file.string()),
                     config.image_size);
    preprocessor.size = square(config.image_size);
  }
  check_size(preprocessor, config, (file ? file->path : config_file).string());
  return preprocessor;
}

}  // namespace zoetrope::pipeline
