// SPDX-License-Identifier: Apache-2.0
#include "product.hpp"

#include <array>
#include <map>
#include <mutex>
#include <utility>

#include <ATen/ATen.h>

namespace zoetrope::model {

namespace {

// From the one that moves the fewest bytes. libtorch has the first two for CUDA alone, and in some versions
// only the second.
using Way = void (*)(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b);

void add_in_product(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) {
  at::Tensor to = sum;
  at::addmm_out(to, to, a, b, at::kFloat);
}

void add_after_product(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) {
  sum.add_(at::mm(a, b, at::kFloat));
}

void add_rounded_product(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) {
  sum.add_(at::mm(a, b));
}

// Whether 1 + a b comes out, to the precision of float32. Each element of a b is of few bits, but of more
// than bfloat16 has.
bool is_right(Way way, at::Device device) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kBFloat16).device(device);
  const at::Tensor a = at::full({16, 32}, 1.5, options), b = at::full({32, 16}, 1.0078125, options);
  const at::Tensor sum = at::ones({16, 16}, options.dtype(at::kFloat));
  try {
    way(sum, a.t().contiguous().t(), b);
  } catch (const c10::Error&) {  // this libtorch does not have it on this device
    return false;
  }
  return sum.sub(1 + 32 * 1.5 * 1.0078125).abs().max().item<float>() < 1e-4;
}

Way find_way(at::Device device) {
  for (const Way way : {add_in_product, add_after_product})
    if (is_right(way, device)) return way;
  return add_rounded_product;
}

Way way_on(at::Device device) {
  static std::mutex mutex;
  static std::map<std::pair<c10::DeviceType, c10::DeviceIndex>, Way> found;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] = found.try_emplace({device.type(), device.index()}, nullptr);
  if (is_new) place->second = find_way(device);
  return place->second;
}

}  // namespace

void add_product(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) {
  way_on(sum.device())(sum, a, b);
}

}  // namespace zoetrope::model
