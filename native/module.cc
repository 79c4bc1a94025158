// bgb's bridge from JavaScript to libtorch. The TypeScript side is src/torch/.
#include "module.h"
#include "tensor.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new bgb::Environment());
  bgb::TensorBase::define(env, exports);
  bgb::defineOperators(env, exports);
  bgb::defineMemory(env, exports);
  bgb::defineAutograd(env, exports);
  bgb::defineDevices(env, exports);
  bgb::defineProcessGroups(env, exports);
  bgb::defineGradientReducer(env, exports);
  bgb::defineKernels(env, exports);
  bgb::defineGraphs(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(bgb, initialise)
