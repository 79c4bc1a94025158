// What JavaScript may ask about the kernels of native/kernels/.
#include "cuda_kernels.h"
#include "environment.h"
#include "module.h"

namespace bgb {

namespace {

// Null where kernels can run, else the reason in a clause.
Napi::Value missing(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const auto reason = kernelsMissing();
    if (reason.empty()) return env.Null();
    return Napi::String::New(env, reason);
  });
}

void setArchitecture(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { setKernelArchitecture(info[0].As<Napi::String>()); });
}

Napi::Value sharedMemory(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] { return Napi::Number::New(env, static_cast<double>(sharedMemoryLimit())); });
}

}  // namespace

void defineKernels(Napi::Env env, Napi::Object exports) {
  exports.Set("kernelsMissing", Napi::Function::New<missing>(env));
  exports.Set("setKernelArchitecture", Napi::Function::New<setArchitecture>(env));
  exports.Set("sharedMemoryLimit", Napi::Function::New<sharedMemory>(env));
}

}  // namespace bgb
