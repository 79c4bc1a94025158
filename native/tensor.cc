#include "tensor.h"

#include <c10/core/ScalarType.h>

namespace bgb {

namespace {
constexpr napi_type_tag TENSOR_TAG = {0x6267622d74656e73ULL, 0x6f722d6261736531ULL};

Napi::Value toArray(Napi::Env env, at::IntArrayRef values) {
  auto array = Napi::Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); i++) array.Set(static_cast<uint32_t>(i), static_cast<double>(values[i]));
  return array;
}
}  // namespace

void TensorBase::define(Napi::Env env, Napi::Object exports) {
  using T = TensorBase;
  auto constructor = DefineClass(
      env, "TensorBase",
      {
          InstanceAccessor<&T::shape>("shape"), InstanceAccessor<&T::strides>("strides"),
          InstanceAccessor<&T::dtype>("dtype"), InstanceAccessor<&T::device>("device"),
          InstanceAccessor<&T::elementCount>("elementCount"), InstanceAccessor<&T::isReleased>("isReleased"),
          InstanceAccessor<&T::isLeaf>("isLeaf"), InstanceAccessor<&T::isContiguous>("isContiguous"),
          InstanceAccessor<&T::requiresGrad, &T::setRequiresGrad>("requiresGrad"),
          InstanceAccessor<&T::grad, &T::setGrad>("grad"),
          InstanceMethod<&T::dispose>("dispose"), InstanceMethod<&T::reportMemory>("reportMemory"),
      });
  exports.Set("TensorBase", constructor);
  // JavaScript names the subclass whose instances operators return; until then the base itself.
  Environment::of(env).tensorClass = Napi::Persistent(constructor);
  exports.Set("setTensorClass", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
    Environment::of(info.Env()).tensorClass = Napi::Persistent(info[0].As<Napi::Function>());
  }));
}

Napi::Value TensorBase::wrap(Napi::Env env, at::Tensor tensor) {
  if (!tensor.defined()) return env.Null();
  return Environment::of(env).tensorClass.New({Napi::External<at::Tensor>::New(env, &tensor)});
}

TensorBase::TensorBase(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TensorBase>(info) {
  if (info.Length() != 1 || !info[0].IsExternal())
    throw Napi::TypeError::New(info.Env(), "a Tensor is made by tensor(), zeros() and the like, not by new");
  tensor_ = std::move(*info[0].As<Napi::External<at::Tensor>>().Data());
  info.This().As<Napi::Object>().TypeTag(&TENSOR_TAG);
  Environment::of(info.Env()).liveTensors++;
}

bool TensorBase::isTensor(const Napi::Value& value) {
  return value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&TENSOR_TAG);
}

const at::Tensor& TensorBase::unwrap(const Napi::Value& value, const std::string& argument) {
  if (!isTensor(value))
    throw Napi::TypeError::New(value.Env(), "argument " + argument + ": expected a Tensor, found " +
                                                value.ToString().Utf8Value().substr(0, 60));
  const auto& tensor = Unwrap(value.As<Napi::Object>())->tensor_;
  if (!tensor.defined())
    throw Napi::Error::New(value.Env(), "argument " + argument + ": this tensor has been released (its scope " +
                                            "or `using` block has ended)");
  return tensor;
}

void TensorBase::release(Napi::BasicEnv env) {
  if (!tensor_.defined()) return;
  tensor_ = at::Tensor();
  Environment::of(env).liveTensors--;
  if (reportedBytes_ != 0) Napi::MemoryManagement::AdjustExternalMemory(env, -reportedBytes_);
  reportedBytes_ = 0;
}

void TensorBase::Finalize(Napi::BasicEnv env) { release(env); }

void TensorBase::dispose(const Napi::CallbackInfo& info) {
  release(info.Env());
  Environment::of(info.Env()).released->drain();
}

// A tensor that no scope will release is reported to V8, so that forgotten ones bring the collector.
void TensorBase::reportMemory(const Napi::CallbackInfo& info) {
  if (!tensor_.defined() || reportedBytes_ != 0) return;
  reportedBytes_ = static_cast<int64_t>(tensor_.numel()) * static_cast<int64_t>(tensor_.element_size());
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), reportedBytes_);
}

const at::Tensor& TensorBase::defined() const {
  if (!tensor_.defined()) throw std::runtime_error("this tensor has been released (its scope or `using` block has ended)");
  return tensor_;
}

Napi::Value TensorBase::shape(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return toArray(info.Env(), defined().sizes()); });
}
Napi::Value TensorBase::strides(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return toArray(info.Env(), defined().strides()); });
}
Napi::Value TensorBase::dtype(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), dtypeName(defined().scalar_type())); });
}
Napi::Value TensorBase::device(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), defined().device().str()); });
}
Napi::Value TensorBase::elementCount(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::Number::New(info.Env(), static_cast<double>(defined().numel())); });
}
Napi::Value TensorBase::isReleased(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), !tensor_.defined());
}
Napi::Value TensorBase::isLeaf(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::Boolean::New(info.Env(), defined().is_leaf()); });
}
Napi::Value TensorBase::isContiguous(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::Boolean::New(info.Env(), defined().is_contiguous()); });
}
Napi::Value TensorBase::requiresGrad(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::Boolean::New(info.Env(), defined().requires_grad()); });
}
void TensorBase::setRequiresGrad(const Napi::CallbackInfo& info, const Napi::Value& value) {
  guarded(info.Env(), [&] { defined().set_requires_grad(value.ToBoolean()); });
}
Napi::Value TensorBase::grad(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return wrap(info.Env(), defined().grad()); });
}
void TensorBase::setGrad(const Napi::CallbackInfo& info, const Napi::Value& value) {
  guarded(info.Env(), [&] {
    const auto& tensor = defined();
    tensor.mutable_grad() = value.IsNull() ? at::Tensor() : unwrap(value, "grad");
  });
}

const char* dtypeName(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return "float32";
    case at::kDouble: return "float64";
    case at::kHalf: return "float16";
    case at::kBFloat16: return "bfloat16";
    case at::kLong: return "int64";
    case at::kInt: return "int32";
    case at::kShort: return "int16";
    case at::kChar: return "int8";
    case at::kByte: return "uint8";
    case at::kBool: return "bool";
    case at::kComplexFloat: return "complex64";
    case at::kComplexDouble: return "complex128";
    default: return c10::toString(type);
  }
}

}  // namespace bgb
