// SPDX-License-Identifier: Apache-2.0
#include "weight_match.hpp"

#include <set>
#include <sstream>

#include <ATen/ATen.h>

#include "family.hpp"

namespace zoetrope::model {

namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::ostringstream text;
  text << at::IntArrayRef(shape);
  return text.str();
}

std::string without_prefix(const std::string& name, const std::string& prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

// The tensor's name in these files: those of a bare encoder lack the family's prefix, and either may be
// spelled as in memory. Empty where they lack the tensor.
std::string stored_name(const WeightFiles& files, Family family, const std::string& name) {
  const std::string bare = without_prefix(name, names_of(family).prefix);
  for (const std::string& spelling : {name, bare, in_memory_name(family, name), in_memory_name(family, bare)})
    if (files.has(spelling)) return spelling;
  return {};
}

// Why the stored tensor cannot become one of this shape; empty where it can.
std::string misfit(const WeightFiles& files, const std::string& stored,
                   const std::vector<std::int64_t>& shape) {
  if (files.shape(stored) != shape)
    return "tensor \"" + stored + "\" has shape " + shape_text(files.shape(stored)) +
           ", config.json asks for " + shape_text(shape);
  if (!at::isFloatingType(files.dtype(stored)))
    return "tensor \"" + stored + "\" is of type " + c10::toString(files.dtype(stored)) +
           "; weights must be floating-point numbers";
  return {};
}

// What may be the reason.
std::string about_missing(const WeightFiles& files, const std::string& name) {
  for (const std::string& other : files.names()) {
    if (other.size() > name.size() && other.ends_with("." + name))
      return ", and the file has \"" + other + "\": save the model alone, not what holds it";
    if (other.ends_with("flat_param"))
      return ", and the file has \"" + other +
             "\", in which FSDP keeps several as one: save with StateDictType.FULL_STATE_DICT";
  }
  if (!files.are_timms()) return "";
  return ", of timm's model, of which the file holds a part: save all of it with "
         "timm.models.save_for_hf(model, folder, safe_serialization=True)";
}

// What people train on top of an encoder is more than one layer, or has another name.
std::string about_unexpected(const VitConfig& config, bool is_encoder_whole) {
  if (!is_encoder_whole) return "; is config.json another model's?";
  const std::string encoder = names_of(config.family).prefix;
  return ", which the file holds besides; of a head of your own the encoder alone can be read, whose images "
         "are embedded and not classified: in Python model." +
         encoder + "save_pretrained(folder)";
}

enum class Use { kUnexpected, kUnused, kPassenger };

// Of a stored tensor that is no parameter here.
Use use_of(const VitConfig& config, const std::string& stored) {
  const std::string name = without_prefix(stored, names_of(config.family).prefix);
  if (name == "embeddings.mask_token")
    return config.is_dinov2() && config.use_mask_token ? Use::kPassenger : Use::kUnused;
  if (config.is_dinov2()) return Use::kUnexpected;
  if (config.is_clip()) {  // the other tower, and what joins them
    for (const char* start :
         {"text_model.", "text_projection.", "visual_projection.", "logit_scale", "embeddings.position_ids"})
      if (name.starts_with(start)) return Use::kUnused;
    return Use::kUnexpected;
  }
  // Pooler; masked-image-modelling head or ViT-MAE's decoder; the two heads of DeiT's distillation.
  for (const char* head : {"pooler.", "decoder.", "cls_classifier.", "distillation_classifier."})
    if (name.starts_with(head)) return Use::kUnused;
  return Use::kUnexpected;
}

}  // namespace

WeightMatch match_weights(const VitConfig& config, const std::vector<Parameter>& parameters,
                          const WeightFiles& files) {
  WeightMatch match;
  std::set<std::string> used;
  for (const Parameter& parameter : parameters) {
    if (config.num_labels() == 0 && parameter.parts.front().name.starts_with(kClassifier)) continue;
    for (const Parameter::Part& part : parameter.parts) {
      auto& problems = part.name.starts_with(kClassifier) ? match.classifier : match.problems;
      const std::string stored = stored_name(files, config.family, part.name);
      if (stored.empty()) {
        problems.push_back("tensor \"" + part.name + "\" is missing; config.json asks for it" +
                           (problems.empty() ? about_missing(files, part.name) : ""));
        continue;
      }
      used.insert(stored);
      auto shape = parameter.shape;
      shape.front() = part.num_rows;
      if (std::string problem = misfit(files, stored, shape); !problem.empty())
        problems.push_back(std::move(problem));
      match.stored[part.name] = stored;
    }
  }
  const std::string why = about_unexpected(config, match.problems.empty());
  for (const std::string& name : files.names()) {
    if (used.contains(name)) continue;
    switch (use_of(config, name)) {
      case Use::kPassenger:
        match.extra_tensors.push_back(name);
        break;
      case Use::kUnused:
        match.unused.push_back(name);
        break;
      case Use::kUnexpected:
        match.problems.push_back("tensor \"" + name + "\" is not one of a " +
                                 names_of(config.family).architecture + why);
    }
  }
  return match;
}

}  // namespace zoetrope::model
