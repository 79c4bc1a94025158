// Typed arrays to tensors and back, without a copy where libtorch allows it.
#include "host_allocator.h"
#include "module.h"
#include "tensor.h"
#include "values.h"

#include <ATen/Functions.h>

namespace bgb {

namespace {

struct Bytes {
  void* data;
  size_t length;
};

Bytes bytesOf(const Napi::TypedArray& array) {
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type;
  // The buffer behind the array is not asked for: it may be a SharedArrayBuffer.
  if (napi_get_typedarray_info(array.Env(), array, &type, &length, &data, nullptr, nullptr) != napi_ok)
    throw Napi::TypeError::New(array.Env(), "expected a typed array");
  return {data, length * array.ElementSize()};
}

// (array, shape, dtype, share). Shared: the tensor reads and writes the array's own memory and keeps it alive.
Napi::Value fromTypedArray(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    Environment::of(env).released->drain();
    const auto array = info[0].As<Napi::TypedArray>();
    const auto sizes = toSizes(info[1], "shape");
    const auto dtype = parseDtype(env, info[2].As<Napi::String>());
    const auto bytes = bytesOf(array);
    size_t expected = c10::elementSize(dtype);
    for (auto size : sizes) expected *= static_cast<size_t>(size);
    if (expected != bytes.length)
      throw Napi::RangeError::New(env, "the shape asks for " + std::to_string(expected) + " bytes, the array has " +
                                           std::to_string(bytes.length));
    const auto options = at::TensorOptions().dtype(dtype);
    if (!info[3].ToBoolean()) {
      auto tensor = at::empty(sizes, options);
      if (bytes.length != 0) memcpy(tensor.data_ptr(), bytes.data, bytes.length);
      return TensorBase::wrap(env, tensor);
    }
    auto* reference = new Napi::ObjectReference(Napi::Persistent(info[0].As<Napi::Object>()));
    auto released = Environment::of(env).released;
    return TensorBase::wrap(
        env, at::from_blob(bytes.data, sizes, [reference, released](void*) { released->add(reference); }, options));
  });
}

// The memory of a contiguous CPU tensor as an ArrayBuffer that keeps the tensor's storage alive.
Napi::Value toArrayBuffer(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    Environment::of(env).released->drain();
    const at::Tensor tensor = TensorBase::unwrap(info[0], "tensor");
    if (!tensor.device().is_cpu() || !tensor.is_contiguous())
      throw Napi::Error::New(env, "only a contiguous tensor on the CPU has memory that JavaScript can see");
    const size_t length = static_cast<size_t>(tensor.numel()) * tensor.element_size();
    if (length == 0) return Napi::ArrayBuffer::New(env, 0);
    auto* owner = new at::Tensor(tensor.detach());
    return Napi::ArrayBuffer::New(env, owner->data_ptr(), length,
                                  [](Napi::BasicEnv, void*, at::Tensor* held) { delete held; }, owner);
  });
}

// Copies a contiguous CPU tensor's bytes into a typed array of the same length.
void copyInto(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  guarded(env, [&] {
    const at::Tensor tensor = TensorBase::unwrap(info[0], "tensor");
    const auto bytes = bytesOf(info[1].As<Napi::TypedArray>());
    const size_t length = static_cast<size_t>(tensor.numel()) * tensor.element_size();
    if (length != bytes.length)
      throw Napi::RangeError::New(env, "the tensor has " + std::to_string(length) + " bytes, the array has " +
                                           std::to_string(bytes.length));
    const auto source = tensor.detach().cpu().contiguous();
    if (length != 0) memcpy(bytes.data, source.data_ptr(), length);
  });
}

// The tensor takes over the other's storage, dtype and device and stays the same leaf (as PyTorch's `.data =`).
void setData(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const at::Tensor tensor = TensorBase::unwrap(info[0], "tensor");
    tensor.set_data(TensorBase::unwrap(info[1], "source"));
  });
}

Napi::Value liveTensors(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Environment::of(info.Env()).liveTensors));
}

// (isMarking) -> { inUse, peak }
Napi::Value hostMemoryInUse(const Napi::CallbackInfo& info) {
  const auto memory = hostMemory(info[0].ToBoolean());
  auto result = Napi::Object::New(info.Env());
  result.Set("inUse", static_cast<double>(memory.inUse));
  result.Set("peak", static_cast<double>(memory.peak));
  return result;
}

}  // namespace

void defineMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("fromTypedArray", Napi::Function::New<fromTypedArray>(env));
  exports.Set("toArrayBuffer", Napi::Function::New<toArrayBuffer>(env));
  exports.Set("copyInto", Napi::Function::New<copyInto>(env));
  exports.Set("setData", Napi::Function::New<setData>(env));
  exports.Set("hostMemory", Napi::Function::New<hostMemoryInUse>(env));
  exports.Set("liveTensors", Napi::Function::New<liveTensors>(env));
}

}  // namespace bgb
