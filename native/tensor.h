// The native half of a Tensor: src/torch/tensor.ts extends this class.
#pragma once
#include "environment.h"

#include <ATen/core/Tensor.h>

namespace bgb {

class TensorBase : public Napi::ObjectWrap<TensorBase> {
 public:
  static void define(Napi::Env env, Napi::Object exports);
  static Napi::Value wrap(Napi::Env env, at::Tensor tensor);
  // The tensor inside a JavaScript value; throws a TypeError that names `argument` if there is none.
  static const at::Tensor& unwrap(const Napi::Value& value, const std::string& argument);
  static bool isTensor(const Napi::Value& value);

  explicit TensorBase(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env);

 private:
  void release(Napi::BasicEnv env);
  const at::Tensor& defined() const;

  Napi::Value shape(const Napi::CallbackInfo& info);
  Napi::Value strides(const Napi::CallbackInfo& info);
  Napi::Value dtype(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value elementCount(const Napi::CallbackInfo& info);
  Napi::Value isReleased(const Napi::CallbackInfo& info);
  Napi::Value isLeaf(const Napi::CallbackInfo& info);
  Napi::Value isContiguous(const Napi::CallbackInfo& info);
  Napi::Value requiresGrad(const Napi::CallbackInfo& info);
  void setRequiresGrad(const Napi::CallbackInfo& info, const Napi::Value& value);
  Napi::Value grad(const Napi::CallbackInfo& info);
  void setGrad(const Napi::CallbackInfo& info, const Napi::Value& value);
  void dispose(const Napi::CallbackInfo& info);
  void reportMemory(const Napi::CallbackInfo& info);

  at::Tensor tensor_;
  int64_t reportedBytes_ = 0;
};

// dtype names are those of PyTorch: "float32", "bfloat16", "int64", "bool", ...
const char* dtypeName(at::ScalarType type);

}  // namespace bgb
