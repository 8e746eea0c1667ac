// SPDX-License-Identifier: Apache-2.0
// The input is an adapter_config.json, a zero, and an adapter_model.safetensors. What fits a base model is
// merged into it.
#include "../../src/model/adapter.hpp"

#include <algorithm>
#include <cstdlib>

#include <ATen/ATen.h>

#include "zoetrope/support/error.hpp"

#include "scratch_folder.hpp"

namespace {

using zoetrope::model::Adapter;

constexpr std::int64_t kMostNumbers = 1 << 16;

// The tensor of the base model that the change is for, as far as its own tensors say.
std::vector<std::int64_t> shape_of_base(const Adapter& adapter, const Adapter::Change& change) {
  if (change.up.empty()) return adapter.file().shape(change.added);
  std::vector<std::int64_t> shape = adapter.file().shape(change.down);
  const auto up = adapter.file().shape(change.up);
  if (!shape.empty() && !up.empty()) shape.front() = up.front();
  return shape;
}

void merge(const Adapter& adapter, const Adapter::Change& change) {
  const std::vector<std::int64_t> shape = shape_of_base(adapter, change);
  adapter.require_fit(change, shape);
  std::map<std::string, at::Tensor> tensors;
  for (const std::string& name : {change.down, change.up, change.magnitude, change.added})
    if (!name.empty()) tensors.emplace(name, at::empty(adapter.file().shape(name), at::kFloat));
  double numbers = 1;
  for (const std::int64_t side : shape) numbers *= static_cast<double>(side);
  if (numbers > kMostNumbers) return;  // a base model that has so many is in memory already
  adapter.file().read(tensors);
  Adapter::merge(change, tensors, at::zeros(shape));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const zoetrope::fuzz::ScratchFolder folder;
  const std::uint8_t* const end = data + size;
  const std::uint8_t* const zero = std::find(data, end, 0);
  folder.write("adapter_config.json", {data, zero});
  folder.write("adapter_model.safetensors", {zero == end ? end : zero + 1, end});
  try {
    const Adapter adapter(folder.path());
    for (const auto& [name, change] : adapter.changes())
      if (change.whole.empty()) merge(adapter, change);
  } catch (const zoetrope::InputError&) {
  }
  return 0;
}
