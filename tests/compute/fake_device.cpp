// SPDX-License-Identifier: Apache-2.0
#include "fake_device.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceType.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <malloc.h>
#include <sys/mman.h>
#include <torch/library.h>
#include <unistd.h>

namespace zoetrope::compute::fake {

namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;
constexpr std::size_t kPinnedBytes = 4096;  // of each tensor: more than tests need

struct Copy {
  const void* from;
  void* to;
  std::size_t bytes;
};

// What streams and events are of; the guard of libtorch is const.
struct State {
  std::mutex mutex;
  std::array<int, 2> num_drawn{};  // of low and of high priority
  std::vector<c10::Stream> drawn;
  std::vector<Copy> queued;
  std::set<const void*> in_use;     // on other streams, as record_stream() said
  std::set<void*> to_be_freed;      // of these
  std::atomic<int> num_blocks = 0;  // of memory
  std::atomic<int> num_events = 0;
};

State& state() {
  static State& only = *new State;
  return only;
}

c10::Stream stream(c10::StreamId id) {
  return c10::Stream(c10::Stream::UNSAFE, {kType, 0}, id);
}

// Its next owner writes to it. Where a copy still reads it, by mistake, it does not go back to the system.
void let_go(void* block) {
  std::memset(block, 0xff, ::malloc_usable_size(block));
  --state().num_blocks;
  const auto reads = [&](const Copy& copy) { return copy.from == block; };
  if (std::ranges::none_of(state().queued, reads)) std::free(block);
}

void release(void* block) {
  const std::lock_guard lock(state().mutex);
  if (state().in_use.contains(block)) {
    state().to_be_freed.insert(block);
  } else {
    let_go(block);
  }
}

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return {kType, 0}; }
  c10::Device getDevice() const override { return {kType, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }

  c10::Stream getStream(c10::Device) const override { return stream(current_); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
  c10::Stream exchangeStream(c10::Stream next) const override {
    return stream(std::exchange(current_, next.id()));
  }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool is_high) const override {
    const std::lock_guard lock(state().mutex);
    const int next = state().num_drawn.at(is_high ? 1 : 0)++ % kStreamsOfPool;
    state().drawn.push_back(stream(1 + (is_high ? kStreamsOfPool : 0) + next));
    return state().drawn.back();
  }

  // An event holds the process it is of.
  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {
    if (*event != nullptr) return;
    *event = new pid_t(::getpid());
    ++state().num_events;
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override {
    delete static_cast<pid_t*>(event);
    --state().num_events;
  }
  void block(void*, const c10::Stream&) const override {}
  void synchronizeEvent(void* event) const override {
    TORCH_CHECK(*static_cast<pid_t*>(event) == ::getpid(), "the device is another process's");
    const std::lock_guard lock(state().mutex);
    for (const Copy& copy : std::exchange(state().queued, {})) std::memcpy(copy.to, copy.from, copy.bytes);
    state().in_use.clear();
    for (void* block : std::exchange(state().to_be_freed, {})) let_go(block);
  }

 private:
  static thread_local c10::StreamId current_;
};

thread_local c10::StreamId Guard::current_ = 0;

class Memory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = std::malloc(bytes);
    ++state().num_blocks;
    return {data, data, &release, {kType, 0}};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }
};

class PinnedMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    TORCH_CHECK(bytes <= kPinnedBytes, "the fake device pins no more than ", kPinnedBytes, " bytes");
    void* data = ::mmap(nullptr, kPinnedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TORCH_CHECK(data != MAP_FAILED && ::madvise(data, kPinnedBytes, MADV_DONTFORK) == 0);
    return {data, data, [](void* held) { ::munmap(held, kPinnedBytes); }, at::kCPU};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::Allocator* getPinnedMemoryAllocator() const override {
    static PinnedMemory& only = *new PinnedMemory;
    return &only;
  }
};

at::Tensor empty(at::IntArrayRef sizes, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat>) {
  return at::detail::empty_generic(sizes, c10::GetAllocator(kType),
                                   c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   type.value_or(at::kFloat), std::nullopt);
}

// Between contiguous tensors of the same type.
at::Tensor& copy(at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  const Copy wanted{from.const_data_ptr(), to.mutable_data_ptr(), from.nbytes()};
  const std::lock_guard lock(state().mutex);
  if (non_blocking) {
    state().queued.push_back(wanted);
  } else {
    std::memcpy(wanted.to, wanted.from, wanted.bytes);
  }
  return to;
}

// As CUDA's allocator it takes no notice of memory that is not its own.
void record_stream(at::Tensor& tensor, c10::Stream) {
  const c10::DataPtr& data = tensor.storage().data_ptr();
  const std::lock_guard lock(state().mutex);
  if (data.get_deleter() == &release) state().in_use.insert(data.get());
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", &empty);
  library.impl("copy_", &copy);
  library.impl("record_stream", &record_stream);
}

bool register_all() {
  c10::register_privateuse1_backend("fake");
  c10::impl::device_guard_impl_registry.at(static_cast<std::size_t>(kType)) = new Guard;
  c10::SetAllocator(kType, new Memory);
  at::RegisterPrivateUse1HooksInterface(new Hooks);
  return true;
}

}  // namespace

at::Device device() {
  static const bool is_registered = register_all();
  return {is_registered ? kType : at::kCPU, 0};
}

bool is_of_high_priority(const c10::Stream& stream) {
  return stream.id() > kStreamsOfPool;
}

std::vector<c10::Stream> take_drawn() {
  const std::lock_guard lock(state().mutex);
  return std::exchange(state().drawn, {});
}

at::Tensor on_device(const at::Tensor& tensor) {
  at::Tensor there = at::empty(tensor.sizes(), tensor.options().device(device()));
  there.copy_(tensor);
  return there;
}

std::size_t num_queued_copies() {
  const std::lock_guard lock(state().mutex);
  return state().queued.size();
}

int num_blocks() {
  return state().num_blocks;
}

int num_events() {
  return state().num_events;
}

}  // namespace zoetrope::compute::fake
