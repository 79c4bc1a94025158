// Memory of CPU tensors, kept for reuse by size.
//
// libtorch asks glibc for aligned blocks. Between two training steps small allocations land in the gaps that
// alignment leaves, so that a freed block no longer fits the next request of the same size and the process
// grows by an activation a step (measured: 4 MB tensors freed at once still added 4 MB each). Here a block
// returns to a list of its own size; what is held never exceeds the most that was in use at once, plus a little.
#include "host_allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace bgb {

namespace {

constexpr size_t HEADER = 64;  // holds the block's size, and keeps the data aligned for AVX-512
constexpr size_t SLACK = size_t{64} << 20;

// Sizes rounded up to 1/8 of their power of two: at most 12.5 % is lost.
size_t roundUp(size_t bytes) {
  size_t step = HEADER;
  while (step * 16 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

class HostAllocator final : public c10::Allocator {
 public:
#if BGB_TORCH_VERSION_MAJOR >= 2
  c10::DataPtr allocate(size_t bytes) override { return take(bytes); }
  void copy_data(void* target, const void* source, size_t bytes) const override { memcpy(target, source, bytes); }
#else
  c10::DataPtr allocate(size_t bytes) const override { return const_cast<HostAllocator*>(this)->take(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return &HostAllocator::giveBack; }

 private:
  c10::DataPtr take(size_t bytes) {
    if (bytes == 0) return {nullptr, nullptr, &HostAllocator::giveBack, c10::Device(c10::DeviceType::CPU)};
    const size_t size = roundUp(bytes + HEADER);
    void* block = fromCache(size);
    if (block == nullptr) block = std::aligned_alloc(HEADER, size);
    TORCH_CHECK(block != nullptr, "out of memory: ", bytes, " bytes were asked for on the CPU");
    *static_cast<size_t*>(block) = size;
    void* data = static_cast<char*>(block) + HEADER;
    return {data, data, &HostAllocator::giveBack, c10::Device(c10::DeviceType::CPU)};
  }

  void* fromCache(size_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    inUse_ += size;
    peak_ = std::max(peak_, inUse_);
    marked_ = std::max(marked_, inUse_);
    auto& blocks = cache_[size];
    if (!blocks.empty()) {
      void* block = blocks.back();
      blocks.pop_back();
      cached_ -= size;
      return block;
    }
    if (inUse_ + cached_ > peak_ + SLACK) releaseCache();
    return nullptr;
  }

  void releaseCache() {
    for (auto& entry : cache_) {
      for (void* block : entry.second) std::free(block);
      entry.second.clear();
    }
    cached_ = 0;
  }

  static void giveBack(void* data);

 public:
  HostMemory memory(bool isMarking) {
    std::lock_guard<std::mutex> lock(mutex_);
    const HostMemory now{inUse_, marked_};
    if (isMarking) marked_ = inUse_;
    return now;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<void*>> cache_;
  size_t inUse_ = 0;
  size_t cached_ = 0;
  size_t peak_ = 0;
  size_t marked_ = 0;  // the most in use since the last mark
};

// Never destroyed: tensors of other threads may outlive static destruction.
HostAllocator& instance() {
  static auto* allocator = new HostAllocator();
  return *allocator;
}

void HostAllocator::giveBack(void* data) {
  if (data == nullptr) return;
  void* block = static_cast<char*>(data) - HEADER;
  const size_t size = *static_cast<size_t*>(block);
  auto& allocator = instance();
  std::lock_guard<std::mutex> lock(allocator.mutex_);
  allocator.inUse_ -= size;
  allocator.cached_ += size;
  allocator.cache_[size].push_back(block);
}

[[maybe_unused]] const bool isRegistered = [] {
  c10::SetCPUAllocator(&instance(), /*priority=*/1);
  return true;
}();

}  // namespace

HostMemory hostMemory(bool isMarking) { return instance().memory(isMarking); }

}  // namespace bgb
