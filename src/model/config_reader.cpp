// SPDX-License-Identifier: Apache-2.0
#include "config_reader.hpp"

#include <charconv>
#include <iterator>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::model {

using support::Json;

namespace {

// Far above any model, and low enough that nothing computed from them overflows or asks for all memory.
constexpr std::int64_t kMaxExtent = 1 << 20;
constexpr std::int64_t kMaxLayers = 10'000;
constexpr std::int64_t kMaxLabels = 1'000'000;

constexpr std::pair<const char*, Activation> kActivations[] = {{"gelu", Activation::kGelu},
                                                               {"gelu_python", Activation::kGelu},
                                                               {"gelu_new", Activation::kGeluTanh},
                                                               {"gelu_pytorch_tanh", Activation::kGeluTanh},
                                                               {"gelu_python_tanh", Activation::kGeluTanh},
                                                               {"gelu_fast", Activation::kGeluTanh},
                                                               {"gelu_accurate", Activation::kGeluTanh},
                                                               {"gelu_10", Activation::kClippedGelu},
                                                               {"quick_gelu", Activation::kQuickGelu},
                                                               {"relu", Activation::kRelu},
                                                               {"relu6", Activation::kRelu6},
                                                               {"relu2", Activation::kSquaredRelu},
                                                               {"leaky_relu", Activation::kLeakyRelu},
                                                               {"silu", Activation::kSilu},
                                                               {"swish", Activation::kSilu},
                                                               {"mish", Activation::kMish},
                                                               {"hardswish", Activation::kHardswish},
                                                               {"sigmoid", Activation::kSigmoid},
                                                               {"tanh", Activation::kTanh},
                                                               {"laplace", Activation::kLaplace},
                                                               {"sqrtsoftplus", Activation::kSqrtSoftplus},
                                                               {"linear", Activation::kLinear}};

std::string quoted(const char* key) {
  std::string text = "\"";
  return text.append(key).append("\"");
}

}  // namespace

std::vector<std::string> default_labels(std::int64_t count) {
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) labels.push_back("LABEL_" + std::to_string(i));
  return labels;
}

const char* name_of(Activation activation) {
  for (const auto& [name, known] : kActivations)
    if (activation == known) return name;
  return "gelu";
}

void ConfigReader::fail(const std::string& what) const {
  throw InputError(origin_ + ": " + what);
}

std::int64_t ConfigReader::whole(const char* key, const Json& json, std::int64_t least,
                                 std::int64_t most) const {
  // 10.0 is no whole number either: transformers refuses it too.
  if (!json.is_number_integer() || json < least || json > most)
    fail(quoted(key) + " is " + json.dump() + "; it must be a whole number, " + std::to_string(least) +
         " to " + std::to_string(most));
  return json.get<std::int64_t>();
}

void ConfigReader::read_whole(const char* key, std::int64_t& value, std::int64_t least,
                              std::int64_t most) const {
  if (json_.contains(key)) value = whole(key, json_.at(key), least, most);
}

void ConfigReader::read_extent(const char* key, std::int64_t& value) const {
  read_whole(key, value, 1, kMaxExtent);
}

void ConfigReader::read_layers(const char* key, std::int64_t& value) const {
  read_whole(key, value, 1, kMaxLayers);
}

void ConfigReader::read_count(const char* key, std::int64_t& value) const {
  read_whole(key, value, 0, kMaxExtent);
}

void ConfigReader::read_side(const char* key, std::int64_t& value) const {
  if (!json_.contains(key) || !json_.at(key).is_array()) return read_extent(key, value);
  const Json& sides = json_.at(key);
  if (sides.size() != 2 || sides[0] != sides[1])
    fail(quoted(key) + " is " + sides.dump() + "; only squares are supported");
  for (const Json& side : sides) value = whole(key, side, 1, kMaxExtent);
}

void ConfigReader::read_non_negative(const char* key, double& value) const {
  read(key, value);
  constexpr double kMost = 1e12;
  if (!(value >= 0 && value <= kMost))
    fail(quoted(key) + " is " + json_.at(key).dump() + ", which no model has: give 0 to 1e12");
}

void ConfigReader::read_activation(const char* key, Activation& activation) const {
  std::string name = name_of(activation);
  read(key, name);
  std::string names;
  for (const auto& [known, found] : kActivations) {
    if (name == known) {
      activation = found;
      return;
    }
    names.append(names.empty() ? "" : ", ").append(known);
  }
  fail(quoted(key) + " is \"" + name + "\"; supported are " + names);
}

void ConfigReader::require_unset(const char* key, const char* meaning) const {
  if (!json_.contains(key)) return;
  const Json& value = json_.at(key);
  if (!value.is_null() && !value.empty())
    fail(quoted(key) + " says that " + meaning + ", which is not supported; save the model without it");
}

// As Python's int() reads it, without the signs, spaces and underscores that it takes.
std::size_t ConfigReader::index_of(const std::string& id, std::size_t count) const {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), index);
  if (error != std::errc{} || end != id.data() + id.size() || index >= count)
    fail("\"id2label\" has the key \"" + id + "\"; its keys must be 0 to " + std::to_string(count - 1));
  return index;
}

std::string ConfigReader::label_of(const Json& label) const {
  if (label.is_string()) return label.get<std::string>();
  if (label.is_number()) return label.dump();
  fail("\"id2label\" has the name " + label.dump() + "; names of classes are texts or numbers");
}

// Neither are there names where transformers has given a classifier its default ones and its default size, 2;
// and where "num_labels" contradicts "id2label", transformers goes by the number.
std::vector<std::string> ConfigReader::read_labels() const {
  const bool has_names = json_.contains("id2label") && !json_.at("id2label").is_null();
  if (has_names && !json_.at("id2label").is_object())
    fail("\"id2label\" is " + json_.at("id2label").dump().substr(0, 80) +
         "; it must be an object, from 0, 1, ... to the classes' names");
  const Json by_id = has_names ? json_.at("id2label") : Json::object();
  std::int64_t count = has_names ? static_cast<std::int64_t>(by_id.size()) : 2;
  read_whole("num_labels", count, 0, kMaxLabels);
  std::vector<std::string> labels(by_id.size());
  std::vector<bool> seen(by_id.size(), false);
  for (const auto& [id, label] : by_id.items()) {
    const std::size_t index = index_of(id, labels.size());
    if (seen[index])
      fail("\"id2label\" has the key " + std::to_string(index) + " twice, once as \"" + id + "\"");
    seen[index] = true;
    labels[index] = label_of(label);
  }
  return std::cmp_equal(count, labels.size()) ? labels : default_labels(count);
}

}  // namespace zoetrope::model
