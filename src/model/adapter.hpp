// SPDX-License-Identifier: Apache-2.0
// A LoRA adapter as peft saves it: adapter_config.json, and adapter_model.safetensors with what it changes of
// its base model. See Hu et al., LoRA (2021), and Liu et al., DoRA (2024).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "zoetrope/store/safetensors.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::model {

inline constexpr const char* kAdapterFile = "adapter_model.safetensors";
inline constexpr const char* kAdapterConfigFile = "adapter_config.json";

class Adapter {
 public:
  // Whether the folder holds one, as far as names say, and no model of its own.
  static bool is_in(const std::filesystem::path& folder);

  // InputError names the file and the key or the tensor where it is another kind of adapter than LoRA and
  // DoRA, or of a form that changes the base model in another way than is merged here.
  explicit Adapter(const std::filesystem::path& folder);

  // What becomes of a tensor of the base model, in names of tensors in file(): the tensor `whole` stands for
  // it; or `up` x `down` times `scale` is added to the matrix of its rows, whose norms are `magnitude` then;
  // or `added` times `scale` is added. What is empty is not done.
  struct Change {
    std::string whole, down, up, magnitude, added;
    double scale = 1;
  };
  // By the common names of the base's tensors.
  const std::map<std::string, Change>& changes() const { return changes_; }
  const store::SafetensorsFile& file() const { return file_; }

  // InputError where `change` does not fit a tensor of this shape.
  void require_fit(const Change& change, const std::vector<std::int64_t>& shape) const;

  // Applies `change` to `value`, float32 and contiguous, given the tensors that it names but `whole`.
  static void merge(const Change& change, const std::map<std::string, at::Tensor>& tensors,
                    const at::Tensor& value);

 private:
  void add(const std::string& stored);
  void add_part(const std::string& stored, const std::string& module, const std::string& part);
  void take(std::string& place, const std::string& stored) const;
  double scale_of(const std::string& module, std::int64_t rank) const;
  void require_pairs() const;

  support::Json config_;
  std::vector<std::pair<std::string, double>> alpha_patterns_;  // the first that fits holds
  std::string origin_;                                          // of config_
  store::SafetensorsFile file_;
  std::map<std::string, Change> changes_;
};

// One name for all spellings of a tensor: on disk and in memory, with and without the family's prefix.
std::string common_name(const std::string& name);

// The folder of the base model of the adapter in `folder`: `given`, or, where that is empty, the one that
// adapter_config.json names, here or in the Hugging Face cache. InputError names the ways out otherwise.
std::filesystem::path base_of(const std::filesystem::path& folder, const std::filesystem::path& given);

}  // namespace zoetrope::model
