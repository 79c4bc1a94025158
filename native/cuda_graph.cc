// CUDA graphs, through libtorch's own class: work that is recorded once and then started as a whole. Built where
// CUDA's headers are; elsewhere `graphsAvailable` is false and work is started operator by operator.
#include "environment.h"
#include "module.h"

#if defined(BGB_HAS_CUDA) && __has_include(<cuda_runtime_api.h>) && __has_include(<crt/host_config.h>)
#define BGB_HAS_GRAPHS

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace bgb {

#ifdef BGB_HAS_GRAPHS

namespace {

// A graph cannot be recorded on the default stream, and what was started on another stream before cannot be part of
// it: everything of this thread moves to a stream of its own.
void useOwnStream(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    c10::cuda::device_synchronize();
    c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool());
  });
}

void synchronize(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { c10::cuda::device_synchronize(); });
}

class CudaGraph : public Napi::ObjectWrap<CudaGraph> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("CudaGraph", DefineClass(env, "CudaGraph",
                                         {InstanceMethod<&CudaGraph::begin>("begin"),
                                          InstanceMethod<&CudaGraph::end>("end"),
                                          InstanceMethod<&CudaGraph::replay>("replay"),
                                          InstanceMethod<&CudaGraph::release>("release")}));
  }
  explicit CudaGraph(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CudaGraph>(info) {
    guarded(info.Env(), [&] { graph_ = std::make_unique<at::cuda::CUDAGraph>(); });
  }

 private:
  // Memory that earlier work left for reuse goes back first: the graph keeps memory of its own.
  void begin(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
      c10::cuda::device_synchronize();
      c10::cuda::CUDACachingAllocator::emptyCache();
      graph_->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    });
  }
  void end(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { graph_->capture_end(); });
  }
  void replay(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { graph_->replay(); });
  }
  void release(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
      c10::cuda::device_synchronize();
      graph_.reset();
    });
  }
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

// Bytes of the current device's memory: {allocated, peak, reserved}.
Napi::Value memory(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
    auto result = Napi::Object::New(env);
    result.Set("allocated", static_cast<double>(stats.allocated_bytes[0].current));
    result.Set("peak", static_cast<double>(stats.allocated_bytes[0].peak));
    result.Set("reserved", static_cast<double>(stats.reserved_bytes[0].peak));
    return result;
  });
}

void resetPeak(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { c10::cuda::CUDACachingAllocator::resetPeakStats(c10::cuda::current_device()); });
}

}  // namespace

void defineGraphs(Napi::Env env, Napi::Object exports) {
  exports.Set("graphsAvailable", Napi::Boolean::New(env, true));
  exports.Set("useOwnStream", Napi::Function::New<useOwnStream>(env));
  exports.Set("synchronizeCuda", Napi::Function::New<synchronize>(env));
  exports.Set("cudaMemory", Napi::Function::New<memory>(env));
  exports.Set("resetCudaPeak", Napi::Function::New<resetPeak>(env));
  CudaGraph::define(env, exports);
}

#else

void defineGraphs(Napi::Env env, Napi::Object exports) {
  exports.Set("graphsAvailable", Napi::Boolean::New(env, false));
}

#endif

}  // namespace bgb
