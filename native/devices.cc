// Devices, threads and events. CUDA is reached only through libtorch's device-generic interfaces, so that the
// bridge compiles where PyTorch is installed without CUDA's headers.
#include "module.h"
#include "values.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include <dlfcn.h>

#include <thread>

namespace bgb {

namespace {

Napi::Value libraryInfo(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    auto result = Napi::Object::New(env);
    const bool hasCuda = at::hasCUDA();
    result.Set("version", TORCH_VERSION);
    result.Set("hasCuda", hasCuda);
    result.Set("cudaDevices", hasCuda ? static_cast<double>(at::detail::getCUDAHooks().getNumGPUs()) : 0);
    result.Set("configuration", at::show_config());
    return result;
  });
}

Napi::Value threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), at::get_num_threads()); }

// Intra-op threads of the calling thread.
void setThreads(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { at::set_num_threads(info[0].As<Napi::Number>().Int32Value()); });
}

// (tf32 matrix products, tf32 convolutions)
void setTf32(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    at::globalContext().setAllowTF32CuBLAS(info[0].ToBoolean());
    at::globalContext().setAllowTF32CuDNN(info[0].ToBoolean());
  });
}

void setDeterministic(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    at::globalContext().setDeterministicCuDNN(info[0].ToBoolean());
    at::globalContext().setBenchmarkCuDNN(!info[0].ToBoolean());
  });
}

void manualSeed(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const auto seed = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
    auto generator = at::globalContext().defaultGenerator(at::kCPU);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
  });
}

// Free bytes of the current CUDA device, asked of the runtime that libtorch has loaded; null where there is none.
Napi::Value freeCudaMemory(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  for (const char* name : {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0"}) {
    void* runtime = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    if (runtime == nullptr) continue;
    const auto ask = reinterpret_cast<int (*)(size_t*, size_t*)>(dlsym(runtime, "cudaMemGetInfo"));
    size_t free = 0, total = 0;
    const bool isKnown = ask != nullptr && ask(&free, &total) == 0;
    dlclose(runtime);
    if (isKnown) return Napi::Number::New(env, static_cast<double>(free));
  }
  return env.Null();
}

// Tells a profiler that was started with "not from the start" when to look; nothing where there is none.
void setProfiled(const Napi::CallbackInfo& info) {
  for (const char* name : {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0"}) {
    void* runtime = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    if (runtime == nullptr) continue;
    const char* function = info[0].ToBoolean() ? "cudaProfilerStart" : "cudaProfilerStop";
    if (const auto call = reinterpret_cast<int (*)()>(dlsym(runtime, function))) call();
    dlclose(runtime);
    return;
  }
}

// A point in the current stream of a CUDA device; on the CPU, where work is done when a call returns, nothing.
class DeviceEvent : public Napi::ObjectWrap<DeviceEvent> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("DeviceEvent", DefineClass(env, "DeviceEvent",
                                           {InstanceAccessor<&DeviceEvent::isDone>("isDone"),
                                            InstanceMethod<&DeviceEvent::wait>("wait")}));
  }
  explicit DeviceEvent(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DeviceEvent>(info) {
    guarded(info.Env(), [&] {
      const c10::Device device(std::string(info[0].As<Napi::String>()));
      if (device.is_cpu()) return;
      const c10::impl::VirtualGuardImpl guard(device.type());
      event_ = std::make_unique<c10::Event>(device.type());
      event_->record(guard.getStream(device.has_index() ? device : guard.getDevice()));
    });
  }

 private:
  Napi::Value isDone(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return Napi::Boolean::New(info.Env(), !event_ || event_->query()); });
  }
  void wait(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
      // c10::Event offers no blocking wait in 1.13; a spin with a yield is short beside what it waits for.
      while (event_ && !event_->query()) std::this_thread::yield();
    });
  }
  std::unique_ptr<c10::Event> event_;
};

}  // namespace

void defineDevices(Napi::Env env, Napi::Object exports) {
  exports.Set("libraryInfo", Napi::Function::New<libraryInfo>(env));
  exports.Set("threads", Napi::Function::New<threads>(env));
  exports.Set("setThreads", Napi::Function::New<setThreads>(env));
  exports.Set("setTf32", Napi::Function::New<setTf32>(env));
  exports.Set("freeCudaMemory", Napi::Function::New<freeCudaMemory>(env));
  exports.Set("setProfiled", Napi::Function::New<setProfiled>(env));
  exports.Set("setDeterministic", Napi::Function::New<setDeterministic>(env));
  exports.Set("manualSeed", Napi::Function::New<manualSeed>(env));
  DeviceEvent::define(env, exports);
}

}  // namespace bgb
