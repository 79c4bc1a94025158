// Backward, grad mode and autocast. All modes are libtorch's own thread-local state: a worker thread starts at
// the defaults.
#include "module.h"
#include "tensor.h"
#include "values.h"

#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace bgb {

namespace {

std::vector<at::Tensor> toTensors(const Napi::Value& value, const std::string& argument) {
  std::vector<at::Tensor> tensors;
  if (value.IsNull() || value.IsUndefined()) return tensors;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value item = array[i];
    tensors.push_back(item.IsNull() ? at::Tensor() : TensorBase::unwrap(item, argument));
  }
  return tensors;
}

// (roots, their gradients or null, retainGraph, createGraph). Blocks until done, on CUDA too: gradients are
// computed on libtorch's thread, which never calls JavaScript.
void backward(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    torch::autograd::backward(toTensors(info[0], "roots"), toTensors(info[1], "gradients"), info[2].ToBoolean(),
                              info[3].ToBoolean());
  });
}

// (outputs, inputs, gradients of the outputs or null, retainGraph, createGraph) -> gradients of the inputs
Napi::Value gradients(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    const auto results = torch::autograd::grad(toTensors(info[0], "outputs"), toTensors(info[1], "inputs"),
                                               toTensors(info[2], "gradients"), info[3].ToBoolean(),
                                               info[4].ToBoolean(), /*allow_unused=*/true);
    auto array = Napi::Array::New(env, results.size());
    for (uint32_t i = 0; i < results.size(); i++) array.Set(i, TensorBase::wrap(env, results[i]));
    return array;
  });
}

Napi::Value isGradEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::GradMode::is_enabled());
}
void setGradEnabled(const Napi::CallbackInfo& info) { c10::GradMode::set_enabled(info[0].ToBoolean()); }

#if BGB_TORCH_VERSION_MAJOR >= 2
bool autocastEnabled(at::DeviceType device) { return at::autocast::is_autocast_enabled(device); }
at::ScalarType autocastDtype(at::DeviceType device) { return at::autocast::get_autocast_dtype(device); }
void setAutocastState(at::DeviceType device, bool enabled, at::ScalarType dtype) {
  at::autocast::set_autocast_enabled(device, enabled);
  at::autocast::set_autocast_dtype(device, dtype);
}
#else
bool autocastEnabled(at::DeviceType device) {
  return device == at::kCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
}
at::ScalarType autocastDtype(at::DeviceType device) {
  return device == at::kCPU ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype();
}
void setAutocastState(at::DeviceType device, bool enabled, at::ScalarType dtype) {
  if (device == at::kCPU) {
    at::autocast::set_cpu_enabled(enabled);
    at::autocast::set_autocast_cpu_dtype(dtype);
  } else {
    at::autocast::set_enabled(enabled);
    at::autocast::set_autocast_gpu_dtype(dtype);
  }
}
#endif

at::DeviceType deviceType(const Napi::Value& value) { return c10::Device(std::string(value.As<Napi::String>())).type(); }

// (device) -> dtype name, or null where autocast is off
Napi::Value autocast(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const auto device = deviceType(info[0]);
    if (!autocastEnabled(device)) return env.Null();
    return Napi::String::New(env, dtypeName(autocastDtype(device)));
  });
}

// (device, dtype name or null)
void setAutocast(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const auto device = deviceType(info[0]);
    const bool enabled = !info[1].IsNull();
    setAutocastState(device, enabled,
                     enabled ? parseDtype(info.Env(), info[1].As<Napi::String>()) : autocastDtype(device));
    // Casts of weights are kept while a region lasts; a later region must not see those of an earlier one.
    at::autocast::clear_cache();
  });
}

}  // namespace

void defineAutograd(Napi::Env env, Napi::Object exports) {
  exports.Set("backward", Napi::Function::New<backward>(env));
  exports.Set("gradients", Napi::Function::New<gradients>(env));
  exports.Set("isGradEnabled", Napi::Function::New<isGradEnabled>(env));
  exports.Set("setGradEnabled", Napi::Function::New<setGradEnabled>(env));
  exports.Set("autocast", Napi::Function::New<autocast>(env));
  exports.Set("setAutocast", Napi::Function::New<setAutocast>(env));
}

}  // namespace bgb
