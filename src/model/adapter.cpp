// SPDX-License-Identifier: Apache-2.0
#include "adapter.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>

#include "zoetrope/model/config.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/hub_cache.hpp"
#include "zoetrope/support/listing.hpp"

#include "family.hpp"
#include "foreign_weights.hpp"
#include "weight_files.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;
using support::Json;

namespace {

// Fields of peft's LoraConfig that say how the adapter was trained, or what its tensors show, too. Any other
// that is set changes what merging means.
constexpr std::string_view kPassed[] = {"alpha_pattern",
                                        "auto_mapping",
                                        "base_model_name_or_path",
                                        "bias",
                                        "ensure_weight_tying",
                                        "eva_config",
                                        "exclude_modules",
                                        "fan_in_fan_out",
                                        "inference_mode",
                                        "init_lora_weights",
                                        "layers_pattern",
                                        "layers_to_transform",
                                        "lora_alpha",
                                        "lora_bias",
                                        "lora_dropout",
                                        "megatron_core",
                                        "modules_to_save",
                                        "peft_type",
                                        "peft_version",
                                        "qalora_group_size",
                                        "r",
                                        "rank_pattern",
                                        "revision",
                                        "runtime_config",
                                        "target_modules",
                                        "task_type",
                                        "use_dora",
                                        "use_rslora"};
// Starts that leave the base model as it is; the others put a part of it into the adapter.
constexpr std::string_view kStarts[] = {"gaussian", "eva", "orthogonal"};

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kBaseLayer = ".base_layer";
constexpr std::string_view kOwnModule = ".modules_to_save";

bool is_set(const Json& value) {
  return !value.is_null() && value != false && !(value.is_structured() && value.empty());
}

[[noreturn]] void refuse_key(const std::string& origin, const std::string& key, const Json& value) {
  throw InputError(origin + ": \"" + key + "\": " + value.dump() + ": such an adapter is not merged here; " +
                   std::string(kMergeInPython));
}

void require_supported(const Json& config, const std::string& origin) {
  if (const auto type = support::json_get<std::string>(config, "peft_type", origin); type != "LORA")
    refuse_key(origin, "peft_type", type);
  for (const auto& [key, value] : config.items())
    if (is_set(value) && std::ranges::find(kPassed, key) == std::end(kPassed)) refuse_key(origin, key, value);
  const Json start = config.value("init_lora_weights", Json(true));
  const bool is_known =
      !start.is_string() || std::ranges::find(kStarts, start.get<std::string>()) != std::end(kStarts);
  if (!is_known) refuse_key(origin, "init_lora_weights", start);
}

// Of each name's end its alpha, in the order of the file, in which peft looks for the first that fits.
std::vector<std::pair<std::string, double>> alpha_patterns_in(const fs::path& path, const Json& config) {
  const Json patterns = support::json_get_or(config, "alpha_pattern", Json::object(), path.string());
  if (!patterns.is_object()) refuse_key(path.string(), "alpha_pattern", patterns);
  std::vector<std::pair<std::string, double>> all;
  for (const auto& [key, value] : patterns.items()) {
    const bool is_name = std::ranges::all_of(
        key, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
    if (!is_name || !value.is_number()) refuse_key(path.string(), "alpha_pattern", patterns);
    all.emplace_back(key, value.get<double>());
  }
  // A file that is no JSON but for Python keeps the order of names, in which peft writes them.
  const auto as_written =
      nlohmann::ordered_json::parse(support::read_file(path), nullptr, /*allow_exceptions=*/false);
  if (as_written.is_discarded() || !as_written.contains("alpha_pattern")) return all;
  const auto& order = as_written["alpha_pattern"];
  std::ranges::sort(
      all, {}, [&](const auto& pattern) { return std::distance(order.begin(), order.find(pattern.first)); });
  return all;
}

}  // namespace

std::string common_name(const std::string& name) {
  for (const std::string& prefix : family_prefixes())
    if (name.starts_with(prefix)) return in_memory_name(Family::kVit, name.substr(prefix.size()));
  return in_memory_name(Family::kVit, name);
}

bool Adapter::is_in(const fs::path& folder) {
  return !WeightFiles::are_in(folder) && support::is_listed(folder / kAdapterConfigFile) &&
         support::is_listed(folder / kAdapterFile);
}

Adapter::Adapter(const fs::path& folder)
    : config_(support::read_python_json(folder / kAdapterConfigFile)),
      alpha_patterns_(alpha_patterns_in(folder / kAdapterConfigFile, config_)),
      origin_((folder / kAdapterConfigFile).string()),
      file_(folder / kAdapterFile) {
  require_supported(config_, origin_);
  for (const std::string& name : file_.names()) add(name);
  require_pairs();
}

void Adapter::add(const std::string& stored) {
  if (!at::isFloatingType(file_.dtype(stored)))
    throw InputError(file_.path().string() + ": tensor \"" + stored + "\" is of type " +
                     c10::toString(file_.dtype(stored)) + "; weights must be floating-point numbers");
  std::string name = without_wrapping(stored);
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  if (const std::size_t layer = name.find(kBaseLayer); layer != std::string::npos)  // a bias of it
    name.erase(layer, kBaseLayer.size());
  if (name.find(".original_module.") != std::string::npos) return;  // what the adapter's own stands in for
  if (const std::size_t own = name.find(kOwnModule); own != std::string::npos) {
    // With bias="all" peft saves the biases of the adapter's own modules twice, and reads the other.
    std::string once = stored;
    if (file_.has(once.erase(once.find(kOwnModule), kOwnModule.size()))) return;
    name.erase(own, kOwnModule.size());
  }
  const std::size_t part = name.find(".lora_");
  if (part != std::string::npos) return add_part(stored, name.substr(0, part), name.substr(part + 1));
  take(changes_[common_name(name)].whole, stored);
}

void Adapter::take(std::string& place, const std::string& stored) const {
  if (!place.empty())
    throw InputError(file_.path().string() + ": tensors \"" + place + "\" and \"" + stored +
                     "\" are one; save the adapter again");
  place = stored;
}

void Adapter::add_part(const std::string& stored, const std::string& module, const std::string& part) {
  Change& weight = changes_[common_name(module + ".weight")];
  if (part == "lora_A.weight") {
    take(weight.down, stored);
    const auto shape = file_.shape(stored);
    weight.scale = scale_of(module, shape.empty() ? 0 : shape.front());
  } else if (part == "lora_B.weight") {
    take(weight.up, stored);
  } else if (part == "lora_magnitude_vector" || part == "lora_magnitude_vector.weight") {
    take(weight.magnitude, stored);
  } else if (part == "lora_B.bias") {
    Change& bias = changes_[common_name(module + ".bias")];
    take(bias.added, stored);
    const std::string up = stored.substr(0, stored.size() - std::string_view("bias").size()) + "weight";
    const auto shape = file_.has(up) ? file_.shape(up) : std::vector<std::int64_t>{};
    bias.scale = scale_of(module, shape.size() < 2 ? 0 : shape[1]);
  } else {
    throw InputError(file_.path().string() + ": tensor \"" + stored +
                     "\" is of an adapter that is not merged here; " + std::string(kMergeInPython));
  }
}

// As peft's get_pattern_key has it, but for keys that are patterns of more than a name's end.
double Adapter::scale_of(const std::string& module, std::int64_t rank) const {
  double alpha = support::json_get<double>(config_, "lora_alpha", origin_);
  const auto is_of_module = [&](const auto& pattern) {
    return module == pattern.first || module.ends_with("." + pattern.first);
  };
  if (const auto found = std::ranges::find_if(alpha_patterns_, is_of_module); found != alpha_patterns_.end())
    alpha = found->second;
  const auto columns = static_cast<double>(rank);
  const bool is_rank_stabilised = support::json_get_or<bool>(config_, "use_rslora", false, origin_);
  return alpha / (is_rank_stabilised ? std::sqrt(columns) : columns);
}

void Adapter::require_pairs() const {
  const bool is_dora = support::json_get_or<bool>(config_, "use_dora", false, origin_);
  for (const auto& [name, change] : changes_) {
    const bool is_whole_pair = change.down.empty() == change.up.empty();
    const bool is_whole_dora = change.up.empty() || change.magnitude.empty() != is_dora;
    const bool is_twice = !change.whole.empty() && !(change.up.empty() && change.added.empty());
    if (!is_whole_pair || !is_whole_dora || is_twice || !std::isfinite(change.scale))
      throw InputError(file_.path().string() + ": what it changes of \"" + name +
                       "\" is not whole, or not as " + kAdapterConfigFile +
                       " has it; copy the adapter's folder again");
  }
}

void Adapter::require_fit(const Change& change, const std::vector<std::int64_t>& shape) const {
  const auto fail = [&](const std::string& stored) {
    throw InputError(
        file_.path().string() + ": tensor \"" + stored +
        "\" does not fit the base model's; is --base the model that the adapter was trained on?");
  };
  const auto count = [](const std::vector<std::int64_t>& sides) {
    return std::accumulate(sides.begin(), sides.end(), std::int64_t{1}, std::multiplies<>());
  };
  if (!change.added.empty() && file_.shape(change.added) != shape) fail(change.added);
  if (change.up.empty()) return;
  const auto down = file_.shape(change.down), up = file_.shape(change.up);
  const bool is_matrix = shape.size() >= 2 && down.size() == shape.size() && up.size() == shape.size();
  if (!is_matrix || down.front() < 1 || !std::equal(shape.begin() + 1, shape.end(), down.begin() + 1))
    fail(change.down);
  if (up[0] != shape[0] || up[1] != down[0] || count(up) != up[0] * up[1]) fail(change.up);
  if (!change.magnitude.empty() && count(file_.shape(change.magnitude)) != shape[0]) fail(change.magnitude);
}

void Adapter::merge(const Change& change, const std::map<std::string, at::Tensor>& tensors,
                    const at::Tensor& value) {
  if (!change.added.empty()) value.add_(tensors.at(change.added).mul(change.scale));
  if (change.up.empty()) return;
  at::Tensor rows = value.view({value.size(0), -1});
  rows.add_(tensors.at(change.up).flatten(1).matmul(tensors.at(change.down).flatten(1)).mul_(change.scale));
  if (!change.magnitude.empty())
    rows.mul_(tensors.at(change.magnitude).view({-1, 1}) / rows.norm(2, {1}, /*keepdim=*/true));
}

namespace {

// An adapter's base could be the adapter itself.
fs::path whole_model(const fs::path& base, const std::string& from) {
  if (!support::is_directory(base))
    throw InputError(from + base.string() + ": is no folder; give the folder of the adapter's base model");
  if (Adapter::is_in(base))
    throw InputError(from + base.string() +
                     ": is an adapter, too; give the folder of a whole model with --base");
  return base;
}

}  // namespace

fs::path base_of(const fs::path& folder, const fs::path& given) {
  if (!given.empty()) return whole_model(given, "--base ");
  const fs::path file = folder / kAdapterConfigFile;
  const Json config = support::read_python_json(file);
  const auto name = support::json_get_or<std::string>(config, "base_model_name_or_path", "", file.string());
  if (!name.empty() && support::is_directory(name))
    return whole_model(name, file.string() + ": \"base_model_name_or_path\": ");
  const auto snapshot = support::hub_snapshot(support::HubKind::kModel, name);
  if (snapshot) return whole_model(*snapshot, name + ": ");
  std::string why = (folder / kAdapterFile).string() + ": is an adapter (LoRA) of " +
                    (name.empty() ? "a model that adapter_config.json does not name" : "\"" + name + "\"");
  if (!name.empty()) why += ", which is no folder here";
  if (support::may_be_on_hub(support::HubKind::kModel, name))
    why += ", and " + support::how_to_bring(support::HubKind::kModel, name);
  throw InputError(why + "; give that model's folder with --base, or " + std::string(kMergeInPython));
}

}  // namespace zoetrope::model
