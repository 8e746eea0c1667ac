// SPDX-License-Identifier: Apache-2.0
// A double of a device, on which src/model/cuda/row_kernels.cu runs as it is: every thread of a block is a
// coroutine, the threads of a warp go from one exchange to the next in step, and blocks run one after the
// other.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ucontext.h>

#include "../../src/model/bf16/kernels.hpp"

namespace zoetrope::testing::emulated {

struct Index {
  unsigned x = 0, y = 0;
};
inline Index threadIdx, blockIdx, blockDim, gridDim;

// The threads of the block that runs.
class Block {
 public:
  explicit Block(std::size_t num_threads) : fibers_(num_threads), exchanged_(num_threads) {}

  // `thread` is run for each, with threadIdx set.
  void run(const std::function<void()>& thread);
  // Until each of the others has come to its next yield() or its end.
  void yield() { swapcontext(&fibers_[current_].context, &scheduler_); }
  float exchange(float value, std::size_t distance);
  void wait_for_all();

  static Block*& running() {
    static Block* block = nullptr;
    return block;
  }

 private:
  static constexpr std::size_t kStack = std::size_t{64} << 10;
  struct Fiber {
    ucontext_t context{};
    std::unique_ptr<char[]> stack;
    bool is_done = false;
  };
  static void enter();
  void begin(Fiber& fiber);

  std::vector<Fiber> fibers_;
  std::vector<float> exchanged_;
  ucontext_t scheduler_{};
  const std::function<void()>* thread_ = nullptr;
  std::size_t current_ = 0, num_alive_ = 0, num_waiting_ = 0, barriers_ = 0;
};

inline void Block::enter() {
  Block& block = *running();
  (*block.thread_)();
  block.fibers_[block.current_].is_done = true;
  --block.num_alive_;
  block.yield();
}

inline void Block::begin(Fiber& fiber) {
  fiber.is_done = false;
  if (!fiber.stack) fiber.stack = std::make_unique_for_overwrite<char[]>(kStack);
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = kStack;
  makecontext(&fiber.context, &Block::enter, 0);
}

inline void Block::run(const std::function<void()>& thread) {
  running() = this;
  thread_ = &thread;
  num_alive_ = fibers_.size();
  for (Fiber& fiber : fibers_) begin(fiber);
  while (num_alive_ > 0)
    for (current_ = 0; current_ < fibers_.size(); ++current_) {
      if (fibers_[current_].is_done) continue;
      const auto number = static_cast<unsigned>(current_);
      threadIdx = {number % blockDim.x, number / blockDim.x};
      swapcontext(&scheduler_, &fibers_[current_].context);
    }
}

inline float Block::exchange(float value, std::size_t distance) {
  exchanged_[current_] = value;
  yield();
  const float other = exchanged_[current_ ^ distance];
  yield();  // before it is written over
  return other;
}

inline void Block::wait_for_all() {
  const std::size_t barrier = barriers_;
  if (++num_waiting_ == num_alive_) {
    num_waiting_ = 0;
    ++barriers_;
  }
  do yield();
  while (barriers_ == barrier);
}

inline float __shfl_xor_sync(unsigned, float value, int distance) {
  return Block::running()->exchange(value, static_cast<std::size_t>(distance));
}
inline void __syncthreads() {
  Block::running()->wait_for_all();
}
inline float __uint_as_float(unsigned bits) {
  return std::bit_cast<float>(bits);
}
inline unsigned __float_as_uint(float value) {
  return std::bit_cast<unsigned>(value);
}

// A kernel that takes its arguments as a device does.
using Kernel = std::function<void(void**)>;
template <typename... Parameters>
Kernel taking_pointers(void (*kernel)(Parameters...)) {
  return [kernel](void** arguments) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      kernel(*static_cast<Parameters*>(arguments[I])...);
    }
    (std::index_sequence_for<Parameters...>{});
  };
}

class Launcher : public model::KernelLauncher {
 public:
  explicit Launcher(std::map<std::string, Kernel> kernels) : kernels_(std::move(kernels)) {}

  void launch(const std::string& name, const Shape& shape, void** arguments) const override {
    const Kernel& kernel = kernels_.at(name);
    blockDim = {static_cast<unsigned>(shape.block_x), static_cast<unsigned>(shape.block_y)};
    gridDim = {static_cast<unsigned>(shape.grid_x), static_cast<unsigned>(shape.grid_y)};
    Block block(std::size_t{blockDim.x} * blockDim.y);
    for (blockIdx.y = 0; blockIdx.y < gridDim.y; ++blockIdx.y)
      for (blockIdx.x = 0; blockIdx.x < gridDim.x; ++blockIdx.x) block.run([&] { kernel(arguments); });
  }
  std::int64_t multiprocessors() const override { return 2; }

 private:
  std::map<std::string, Kernel> kernels_;
};

}  // namespace zoetrope::testing::emulated

#define __device__
#define __shared__ static
#define __launch_bounds__(...)
#define ZOETROPE_KERNEL inline
// One namespace for each width of a row.
#define ZOETROPE_HIDDEN 64
namespace zoetrope::testing::emulated::rows_of_64 {
#include "../../src/model/cuda/row_kernels.cu"
}
#undef ZOETROPE_HIDDEN
#define ZOETROPE_HIDDEN 200
namespace zoetrope::testing::emulated::rows_of_200 {
#include "../../src/model/cuda/row_kernels.cu"
}
#undef ZOETROPE_HIDDEN
#undef __device__
#undef __shared__
#undef __launch_bounds__
#undef ZOETROPE_KERNEL

namespace zoetrope::testing::emulated {

#define ZOETROPE_TABLE(rows)                                             \
  std::map<std::string, Kernel> {                                        \
    {"add_norm", taking_pointers(rows::add_norm)},                       \
        {"add_norm_gradient", taking_pointers(rows::add_norm_gradient)}, \
        {"add_partial_sums", taking_pointers(rows::add_partial_sums)},   \
        {"bias_gelu", taking_pointers(rows::bias_gelu)}, {               \
      "bias_gelu_gradient", taking_pointers(rows::bias_gelu_gradient)    \
    }                                                                    \
  }

inline std::unique_ptr<Launcher> make_launcher(std::int64_t hidden) {
  return std::make_unique<Launcher>(hidden == 64 ? ZOETROPE_TABLE(rows_of_64) : ZOETROPE_TABLE(rows_of_200));
}

#undef ZOETROPE_TABLE

}  // namespace zoetrope::testing::emulated
