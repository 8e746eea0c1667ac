// SPDX-License-Identifier: Apache-2.0
#include "../bf16/device_kernels.hpp"

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "zoetrope/compute/cuda_check.hpp"
#include "zoetrope/support/log.hpp"

#include "../bf16/check.hpp"
#include "compiler.hpp"
#include "row_kernels.hpp"

namespace zoetrope::model {

namespace {

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  ZT_CHECK_CUDA(cudaDeviceGetAttribute(&value, which, device));
  return value;
}

class CudaLauncher final : public KernelLauncher {
 public:
  CudaLauncher(const std::string& cubin, int device)
      : multiprocessors_(attribute(cudaDevAttrMultiProcessorCount, device)) {
    cudaLibrary_t library{};  // for the rest of the process
    ZT_CHECK_CUDA(cudaLibraryLoadData(&library, cubin.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
    for (const char* const name : kRowKernels) {
      cudaKernel_t kernel{};
      ZT_CHECK_CUDA(cudaLibraryGetKernel(&kernel, library, name));
      kernels_.emplace(name, kernel);
    }
  }

  void launch(const std::string& name, const Shape& shape, void** arguments) const override {
    const dim3 grid(static_cast<unsigned>(shape.grid_x), static_cast<unsigned>(shape.grid_y));
    const dim3 block(static_cast<unsigned>(shape.block_x), static_cast<unsigned>(shape.block_y));
    ZT_CHECK_CUDA(cudaLaunchKernel(kernels_.at(name), grid, block, arguments, 0,
                                   c10::cuda::getCurrentCUDAStream().stream()));
  }
  std::int64_t multiprocessors() const override { return multiprocessors_; }

 private:
  std::int64_t multiprocessors_;
  std::unordered_map<std::string, cudaKernel_t> kernels_;
};

// RunError says why there are none.
KernelsPointer make_kernels(at::Device device, std::int64_t hidden, std::int64_t inner) {
  if (!RowKernels::can_take(hidden, inner))
    throw RunError("there are no kernels for a hidden_size of " + std::to_string(hidden) +
                   " and an intermediate_size of " + std::to_string(inner));
  const c10::cuda::CUDAGuard guard(device);
  const int index = device.index(), major = attribute(cudaDevAttrComputeCapabilityMajor, index);
  if (major < 8) throw RunError("the GPU is older than bfloat16");
  const std::string architecture =
      "sm_" + std::to_string(major) + std::to_string(attribute(cudaDevAttrComputeCapabilityMinor, index));
  const Compiler compiler("libnvrtc.so." + std::to_string(CUDART_VERSION / 1000));
  auto kernels = c10::make_intrusive<RowKernels>(
      std::make_unique<CudaLauncher>(
          compile_row_kernels(compiler, CubinCache(cache_folder()), architecture, hidden), index),
      hidden);
  const std::string error = find_error(*kernels, hidden, inner, device);
  if (!error.empty())
    throw RunError("compiled for " + architecture + " by NVRTC " + compiler.version() + ", " + error);
  return kernels;
}

std::string reason_of(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

KernelsPointer kernels_on(at::Device device, const VitConfig& config) {
  if (!device.is_cuda()) return {};
  static std::mutex mutex;
  static std::map<std::tuple<int, std::int64_t, std::int64_t>, KernelsPointer> made;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] =
      made.try_emplace({device.index(), config.hidden_size, config.intermediate_size}, KernelsPointer());
  if (!is_new) return place->second;
  try {
    place->second = make_kernels(device, config.hidden_size, config.intermediate_size);
  } catch (const std::exception& error) {
    cudaGetLastError();  // forget it: libtorch would report it at its next call
    support::log_warning("LayerNorms and GELUs are computed by libtorch's operations, which takes longer: " +
                         reason_of(error));
  }
  return place->second;
}

}  // namespace zoetrope::model
